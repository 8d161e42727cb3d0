//! Secrets that are written out where a name or a reference should be.

use crate::policy;
use serde_json::Value;

/// Shorter is no secret worth the name: `on`, `5432`, `none`.
const CHARS_MIN: usize = 6;

/// What stands for a value that is kept elsewhere, or that CloudTrail took out.
const ELSEWHERE: &[&str] = &[
    "{{*",
    "arn:aws*:secretsmanager:*",
    "arn:aws*:ssm:*",
    "arn:aws*:kms:*",
    "$*",
    "`*",
    "ssm:/*",
    "secretsmanager:*",
    "vault:*",
    "op://*",
    "file://*",
    "/run/secrets/*",
    "<sensitiveDataRemoved>",
    "*HIDDEN_DUE_TO_SECURITY_REASONS*",
    "*REDACTED*",
];

/// How the well-known kinds of keys begin, and how many characters follow at least.
const KINDS: &[(&str, usize)] = &[
    ("ghp_", 30),
    ("gho_", 30),
    ("ghs_", 30),
    ("github_pat_", 30),
    ("glpat-", 16),
    ("npm_", 30),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("xoxa-", 16),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("SG.", 20),
    ("AIza", 30),
    ("AKIA", 16),
    ("ASIA", 16),
];

/// The names of the entries that hold one: by a name that is like one of the patterns, or by the look of the value.
/// Entries are fields of an object, and pairs of a name and a value in a list.
pub fn written_out(value: &Value, patterns: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    search(value, patterns, "", &mut found);
    found
}

fn search(value: &Value, patterns: &[String], name: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let mut note = |name: &str| {
                if !found.iter().any(|known| known == name) {
                    found.push(name.to_owned());
                }
            };
            let decoded = decoded(text);
            let lines = decoded.as_deref().unwrap_or(text).lines().filter_map(assigned);
            let named: Vec<&str> = lines
                .filter(|(name, value)| is_secret(name, value, patterns))
                .map(|(name, _)| name)
                .collect();
            for name in &named {
                note(name);
            }
            let whole = is_secret(name, text, patterns) || decoded.as_deref().is_some_and(looks_like_one);
            if named.is_empty() && whole {
                note(name);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| search(item, patterns, name, found)),
        Value::Object(fields) => match pair(fields) {
            Some((name, value)) => search(value, patterns, name, found),
            None => fields.iter().for_each(|(name, value)| search(value, patterns, name, found)),
        },
        _ => {}
    }
}

/// What a user-data text says that came in base64.
fn decoded(text: &str) -> Option<String> {
    let joined: String = text.split_whitespace().collect();
    let bytes = data_encoding::BASE64.decode(joined.as_bytes()).ok().filter(|_| joined.len() >= 24)?;
    String::from_utf8(bytes).ok().filter(|text| text.contains(['=', ' ', '\n']))
}

/// `export DB_PASSWORD=hunter22` in a script or a file of settings.
fn assigned(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("export ").trim_start_matches("Environment=").trim_matches('"');
    let (name, value) = line.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    is_name.then(|| (name, value.trim_matches(['"', '\''])))
}

/// `{"name": "DB_PASSWORD", "value": "…"}`, as ECS, `CodeBuild`, `CloudFormation` and SSM write them.
fn pair(fields: &serde_json::Map<String, Value>) -> Option<(&str, &Value)> {
    let of = |names: &[&str]| {
        fields.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
    };
    let name = of(&["name", "key", "parameterKey", "optionName"])?.1.as_str()?;
    let (_, value) = of(&["value", "parameterValue"])?;
    // What says itself that it names a parameter or a secret, is none.
    let kind = of(&["type"]).and_then(|(_, kind)| kind.as_str()).unwrap_or_default();
    let by_reference = ["PARAMETER_STORE", "SECRETS_MANAGER", "SecureString"];
    (!by_reference.iter().any(|word| kind.eq_ignore_ascii_case(word))).then_some((name, value))
}

fn is_secret(name: &str, text: &str, patterns: &[String]) -> bool {
    let text = text.trim();
    let elsewhere = || text.contains("***") || ELSEWHERE.iter().any(|kept| policy::covers(kept, text));
    let named = || patterns.iter().any(|pattern| policy::covers(pattern, name));
    text.len() >= CHARS_MIN && !elsewhere() && (named() || looks_like_one(text))
}

fn looks_like_one(text: &str) -> bool {
    let private_key = text.contains("-----BEGIN ") && text.contains("PRIVATE KEY-----");
    let known = KINDS.iter().any(|(prefix, follows)| {
        text.match_indices(prefix).any(|(at, _)| {
            let rest = text.get(at + prefix.len()..).unwrap_or_default();
            let run =
                rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'-').count();
            run >= *follows
        })
    });
    private_key || known || url_with_password(text)
}

/// `postgres://app:hunter22@db.internal/media`
fn url_with_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| {
        let host = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        let password = host.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, p)| p);
        password.is_some_and(|password| !password.is_empty() && !password.starts_with(['$', '{', '<']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(value: &Value) -> Vec<String> {
        written_out(value, &["*password*".to_owned(), "*secret*".to_owned(), "*token*".to_owned()])
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_by_its_look() {
        for value in [
            json!({"DB_PASSWORD": "hunter2-but-longer"}),
            json!([{"name": "api_token", "value": "0123456789abcdef"}]),
            json!({"item": {"Key": "ClientSecret", "Value": "0123456789abcdef"}}),
            json!({"CONFIG": "postgres://app:hunter22@db.internal/media"}),
            json!({"KEY": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"}),
            json!({"userData": "IyEvYmluL3NoCmV4cG9ydCBEQl9QQVNTV09SRD1odW50ZXIyMnh5Cg=="}),
            json!({"x": "export T=ghp_0123456789abcdefghijABCDEFGHIJ012345"}),
        ] {
            assert_eq!(found(&value).len(), 1, "{value}");
        }
    }

    #[test]
    fn what_is_kept_elsewhere_or_taken_out_is_none() {
        for value in [
            json!({"DB_PASSWORD": "{{resolve:secretsmanager:db:SecretString:password}}"}),
            json!({"DB_PASSWORD": "arn:aws:secretsmanager:eu-west-3:111122223333:secret:db-AbCdEf"}),
            json!({"DB_PASSWORD": "****"}),
            json!({"DB_PASSWORD": "<sensitiveDataRemoved>"}),
            json!({"DB_PASSWORD": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
            json!({"DB_PASSWORD": ""}),
            json!({"DB_PASSWORD": true}),
            json!([{"name": "DB_PASSWORD", "value": "/media/db/password", "type": "PARAMETER_STORE"}]),
            json!({"DB_PASSWORD": "$DB_PASS"}),
            json!({"userData": "TOKEN=`curl -X PUT http://169.254.169.254/latest/api/token`"}),
            json!({"DB_HOST": "db.internal"}),
            json!({"URL": "https://yourmedia.example/a:b@c"}),
        ] {
            assert_eq!(found(&value), Vec::<String>::new(), "{value}");
        }
    }
}
