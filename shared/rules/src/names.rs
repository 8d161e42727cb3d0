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
}
