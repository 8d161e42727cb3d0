//! The patterns as a section of the CloudFormation template, between two comments.

use super::{OWN_ROLE, Pattern, Purpose};
use serde_json::Value;

const BEGIN: &str = "  # ---- begin of what `gardefou compile event-patterns --write` writes";
const END: &str = "  # ---- end of what `gardefou compile event-patterns --write` writes";
const WIDTH: usize = 110;
/// The acting role has the same name in every guarded account.
const ROLE_NAME: &str = r#"!Sub "arn:${AWS::Partition}:iam::*:role/gardefou/${AWS::StackName}-acting""#;

/// The template has no place for the section.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    #[error("there is no line `{BEGIN}`")]
    NoBegin,
    #[error("there is no line `{END}` behind the one where it begins")]
    NoEnd,
}

/// The template with this section in place of the one it has.
pub fn splice(template: &str, section: &str) -> Result<String, SpliceError> {
    let (before, rest) = template.split_once(BEGIN).ok_or(SpliceError::NoBegin)?;
    let (_, after) = rest.split_once(END).ok_or(SpliceError::NoEnd)?;
    let line = rest.lines().next().unwrap_or_default();
    Ok(format!("{before}{BEGIN}{line}\n{section}{END}{after}"))
}

/// The rules, and the policy that lets them, and nothing else, send to the queue. Reads cost more and are off
/// unless they are wanted.
pub fn section(patterns: &[Pattern], reads: bool) -> String {
    let arns: Vec<String> = patterns.iter().map(|pattern| format!("!GetAtt {}.Arn", id(pattern))).collect();
    let mut section = format!(
        r#"  FromOurRules:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref EventsQueue, !Ref RuleDlq]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: OurRules
            Effect: Allow
            Principal: {{Service: events.amazonaws.com}}
            Action: sqs:SendMessage
            Resource: [!GetAtt EventsQueue.Arn, !GetAtt RuleDlq.Arn]
            Condition:
              ArnEquals:
                "aws:SourceArn": {}
"#,
        list(&arns, 18, 33)
    );
    section.extend(patterns.iter().map(|pattern| rule(pattern, reads)));
    section
}

fn rule(pattern: &Pattern, reads: bool) -> String {
    let (id, name) = (id(pattern), pattern.name());
    let about = match pattern.purpose {
        Purpose::Changes => "The calls that the rules ask for, unless they failed, only read or are our own",
        Purpose::Failed => "Refused calls, for the rules that ask for them",
        Purpose::Reads => "Calls that only read, for the rules that ask for them",
        Purpose::FailedReads => "Refused calls that only read, for the rules that ask for them",
        Purpose::Echoes => "Our own calls, as proof of what was really removed",
    };
    let state = match (pattern.purpose, reads) {
        (Purpose::Reads | Purpose::FailedReads, true) => {
            "      State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS\n"
        }
        (Purpose::Reads | Purpose::FailedReads, false) => "      State: DISABLED\n",
        _ => "",
    };
    let asked = block(&pattern.json(), 8);
    format!(
        r#"  {id}:
    Type: AWS::Events::Rule
    Properties:
      Name: !Sub "${{AWS::StackName}}-{name}"
      Description: {about}
{state}      EventPattern:
        {asked}
      Targets:
        - Id: events
          Arn: !GetAtt EventsQueue.Arn
          RetryPolicy: {{MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185}}
          DeadLetterConfig: {{Arn: !GetAtt RuleDlq.Arn}}
"#
    )
}

/// The logical id: `ChangesRule1`.
fn id(pattern: &Pattern) -> String {
    let kind = match pattern.purpose {
        Purpose::Changes => "Change",
        Purpose::Failed => "Failed",
        Purpose::Reads => "Read",
        Purpose::FailedReads => "FailedRead",
        Purpose::Echoes => "Echo",
    };
    format!("{kind}Rule{}", pattern.number)
}

/// A map in block style, with whatever fits on a line on one. The first field stands behind what is there already.
fn block(value: &Value, indent: usize) -> String {
    let Value::Object(fields) = value else { return flow(value) };
    let field = |(key, value): (&String, &Value)| {
        let key = format!("{}: ", scalar(key));
        let short = flow(value);
        let text = match value {
            _ if indent + key.len() + short.len() <= WIDTH => short,
            Value::Object(_) => format!("\n{:width$}{}", "", block(value, indent + 2), width = indent + 2),
            Value::Array(items) if items.iter().all(Value::is_object) && items.len() > 1 => {
                let item = |item| format!("\n{:indent$}  - {}", "", block(item, indent + 4));
                items.iter().map(item).collect()
            }
            Value::Array(items) => list(&items.iter().map(flow).collect::<Vec<_>>(), indent + 2, WIDTH),
            _ => short,
        };
        let key = if text.starts_with('\n') { key.trim_end() } else { &key };
        format!("{key}{text}")
    };
    fields.iter().map(field).collect::<Vec<_>>().join(&format!("\n{:indent$}", ""))
}

/// A list in brackets: on one line if it fits behind column `first`, else on as many as it takes.
fn list(items: &[String], indent: usize, first: usize) -> String {
    let one_line = format!("[{}]", items.join(", "));
    if first + one_line.len() <= WIDTH {
        return one_line;
    }
    let mut lines = vec![String::new()];
    for item in items {
        if let Some(line) = lines.last_mut().filter(|line| indent + line.len() + item.len() + 2 <= WIDTH) {
            *line = format!("{line}{}{item},", if line.is_empty() { "" } else { " " });
        } else {
            lines.push(format!("{item},"));
        }
    }
    let between = format!("\n{:indent$}", "");
    format!("[{between}{}]", lines.join(&between).trim_end_matches(','))
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) if text == OWN_ROLE => ROLE_NAME.to_owned(),
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// Plain where no reader of YAML could take it for something else.
fn scalar(text: &str) -> String {
    let letters = text.strip_prefix('$').unwrap_or(text);
    let plain = letters.starts_with(|first: char| first.is_ascii_alphabetic())
        && letters.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
            .contains(&letters.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}
