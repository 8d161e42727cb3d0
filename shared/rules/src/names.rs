//! Names of calls as CloudTrail writes them.

/// Lambda and `CloudFront` put the date of their API into the names of calls: `AddPermission20150331v2`,
/// `UpdateDistribution2020_05_31`. What is left is the same call, whatever the date.
pub(crate) fn undated(name: &str) -> &str {
    let unversioned = match name.rsplit_once('v') {
        Some((before, version)) if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) => {
            before
        }
        _ => name,
    };
    let stem = unversioned.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let date = unversioned.strip_prefix(stem).unwrap_or_default();
    let digits = date.bytes().filter(u8::is_ascii_digit).count();
    if digits == 8 && !stem.is_empty() { stem } else { name }
}

/// `eventSource eventName`, one a line. Complete for EC2; of other services, the calls that rules ask for so far.
const KNOWN: &str = include_str!("event_names.txt");

/// Why a name is none of this source's; `None` when it is one, or when the source's names are not listed.
pub(crate) fn unknown(source: &str, name: &str) -> Option<String> {
    if !source.ends_with(".amazonaws.com") {
        return Some(format!("`{source}` is no event source: `ec2.amazonaws.com` is how one is written"));
    }
    let of_source = || KNOWN.lines().filter_map(|line| line.split_once(' ')).filter(|(of, _)| *of == source);
    if of_source().next().is_none() || of_source().any(|(_, known)| known == name) {
        return None;
    }
    let near = of_source().map(|(_, known)| (distance(known, name), known)).min();
    let meant = match near {
        Some((_, known)) if undated(known) == undated(name) => format!(": CloudTrail writes `{known}`"),
        Some((distance, known)) if distance <= 8 => format!(": `{known}` is one"),
        _ => String::new(),
    };
    Some(format!("`{name}` is no event of {source}{meant}"))
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

    #[test]
    fn a_date_is_no_part_of_a_calls_name() {
        for (name, expected) in [
            ("AddPermission20150331v2", "AddPermission"),
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateDistribution2020_05_31", "UpdateDistribution"),
            ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupIngress"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("GetBucketV2", "GetBucketV2"),
            ("20150331", "20150331"),
            ("", ""),
        ] {
            assert_eq!(undated(name), expected, "{name}");
        }
    }

    #[test]
    fn a_name_that_never_comes_is_told_with_the_one_that_was_meant() {
        let ec2 = |name| unknown("ec2.amazonaws.com", name);
        assert_eq!(ec2("AuthorizeSecurityGroupIngress"), None);
        assert_eq!(
            ec2("AuthoriseSecurityGroupIngress").unwrap(),
            "`AuthoriseSecurityGroupIngress` is no event of ec2.amazonaws.com: `AuthorizeSecurityGroupIngress` is one"
        );
        assert_eq!(
            unknown("lambda.amazonaws.com", "CreateFunction").unwrap(),
            "`CreateFunction` is no event of lambda.amazonaws.com: CloudTrail writes `CreateFunction20150331`"
        );
        assert!(unknown("ec2", "RunInstances").unwrap().contains("no event source"));
        assert_eq!(unknown("made-up.amazonaws.com", "Anything"), None);
    }
}
