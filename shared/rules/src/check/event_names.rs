//! The names of calls that CloudTrail writes. Only who checks rules pays for them: a rule book never looks here.

use crate::names::undated;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// From AWS's API models by `generate.py`; from elsewhere by hand, each with its source.
const TEXTS: [&str; 2] =
    [include_str!("../../event-names/models.txt"), include_str!("../../event-names/further.txt")];

#[derive(Default)]
struct Known {
    /// Event source → event names.
    names: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// What people call a service → its event source.
    sources: BTreeMap<&'static str, &'static str>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let (mut known, mut source) = (Known::default(), "");
    for line in TEXTS.iter().flat_map(|text| text.lines()) {
        if line.starts_with(' ') {
            known.names.entry(source).or_default().extend(line.split_whitespace());
        } else if let Some((of, services)) = heading(line) {
            source = of;
            known.sources.extend(services.map(|service| (service, of)));
        }
    }
    // Where a name comes with a date it never comes without.
    for names in known.names.values_mut() {
        let dated: Vec<&str> = names.iter().filter(|name| undated(name) != **name).copied().collect();
        for name in dated {
            names.remove(undated(name));
        }
    }
    known
});

/// An event source and the names of its service.
fn heading(line: &'static str) -> Option<(&'static str, impl Iterator<Item = &'static str>)> {
    let mut words = line.split_whitespace();
    let source = words.next().filter(|source| !source.starts_with('#'))?;
    Some((source, words.chain(source.split('.').next())))
}

/// Why a name is none of this source's; `None` when it is one.
pub(super) fn unknown(source: &str, name: &str) -> Option<String> {
    let Some(names) = KNOWN.names.get(source) else {
        let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
        let known = KNOWN.sources.get(service).copied();
        let known = known.or_else(|| nearest(source, KNOWN.names.keys().copied()));
        return Some(format!("`{source}` is no event source{}", did_you_mean(known)));
    };
    // CloudFront, and Lambda here and there: whatever the date, it is the same call.
    if names.contains(name) || names.contains(undated(name)) {
        return None;
    }
    if let Some(dated) = names.iter().find(|known| undated(known) == undated(name)) {
        return Some(format!("`{name}` is no event of {source}: CloudTrail writes `{dated}`"));
    }
    let meant = did_you_mean(nearest(name, names.iter().copied()));
    Some(format!("`{name}` is no event of {source}{meant}"))
}

fn did_you_mean(known: Option<&str>) -> String {
    known.map(|known| format!(": did you mean `{known}`?")).unwrap_or_default()
}

/// The one with the fewest letters that differ, unless too many do.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let near = known.map(|known| (distance(known, name), known)).min();
    near.filter(|(distance, _)| *distance <= name.len() / 3).map(|(_, known)| known)
}

/// How many letters are to be put in, left out or replaced.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (at, a) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for ((b, above), diagonal) in two.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            next.push((left + 1).min(above + 1).min(diagonal + usize::from(a != *b)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn names_that_cloudtrail_writes_are_known() {
        for (source, name) in [
            ("ec2", "AuthorizeSecurityGroupIngress"),
            ("signin", "ConsoleLogin"),
            ("s3", "PutBucketPublicAccessBlock"),
            ("s3", "PutBucketLifecycle"),
            ("s3", "PutBucketEncryption"),
            ("lambda", "UpdateFunctionCode20150331v2"),
            ("lambda", "CreateFunctionUrlConfig"),
            ("cloudfront", "UpdateDistribution2020_05_31"),
            ("monitoring", "DeleteAlarms"),
            ("elasticfilesystem", "PutFileSystemPolicy"),
            ("sso", "CreatePermissionSet"),
            ("sso-directory", "CreateUser"),
            ("states", "UpdateStateMachine"),
            ("ses", "PutAccountDetails"),
            ("autoscaling", "DeleteScalingPolicy"),
        ] {
            assert_eq!(unknown(&format!("{source}.amazonaws.com"), name), None);
        }
    }

    #[test]
    fn a_name_that_never_comes_is_told_with_the_one_that_was_meant() {
        let told: Vec<String> = [
            ("ec2.amazonaws.com", "AuthoriseSecurityGroupIngress"),
            ("ec2.amazonaws.com", "PutBucketPolicy"),
            ("lambda.amazonaws.com", "CreateFunction"),
            ("signin.amazonaws.com", "ConsoleLogIn"),
            ("ec2", "RunInstances"),
            ("cloudwatch.amazonaws.com", "DeleteAlarms"),
            ("secretmanager.amazonaws.com", "DeleteSecret"),
            ("something-made-up.example", "Anything"),
        ]
        .into_iter()
        .filter_map(|(source, name)| unknown(source, name))
        .collect();
        expect![[r#"
            `AuthoriseSecurityGroupIngress` is no event of ec2.amazonaws.com: did you mean `AuthorizeSecurityGroupIngress`?
            `PutBucketPolicy` is no event of ec2.amazonaws.com
            `CreateFunction` is no event of lambda.amazonaws.com: CloudTrail writes `CreateFunction20150331`
            `ConsoleLogIn` is no event of signin.amazonaws.com: did you mean `ConsoleLogin`?
            `ec2` is no event source: did you mean `ec2.amazonaws.com`?
            `cloudwatch.amazonaws.com` is no event source: did you mean `monitoring.amazonaws.com`?
            `secretmanager.amazonaws.com` is no event source: did you mean `secretsmanager.amazonaws.com`?
            `something-made-up.example` is no event source"#]].assert_eq(&told.join("\n"));
    }
}
