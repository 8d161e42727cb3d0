//! IAM's patterns: `*` is any text, `?` any one character.

/// Does the pattern of an action match this one? Letters count alike.
pub fn covers(pattern: &str, action: &str) -> bool {
    matches(pattern.to_ascii_lowercase().as_bytes(), action.to_ascii_lowercase().as_bytes())
}

/// Goes back to the last `*` only, so that it takes no more than the product of the two lengths.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen, mut back) = (0, 0, None);
    while let Some(byte) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at, seen));
                at += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at += 1;
                seen += 1;
            }
            _ => {
                let Some((star, from)) = back else { return false };
                back = Some((star, from + 1));
                at = star + 1;
                seen = from + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text_and_letters_count_alike() {
        for (pattern, action, expected) in [
            ("s3:GetObject", "S3:getobject", true),
            ("s3:Get*", "s3:GetObject", true),
            ("*", "s3:GetObject", true),
            ("*:*", "s3:GetObject", true),
            ("s3:*Object*", "s3:GetObjectAcl", true),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:Get", "s3:GetObject", false),
            ("s3:Get*", "s3:*", false),
            ("s3:*", "s3:*", true),
            ("s3:*x", "s3:GetObject", false),
            ("", "s3:GetObject", false),
            ("*a*b*c", "aXbXbXc", true),
        ] {
            assert_eq!(covers(pattern, action), expected, "{pattern} over {action}");
        }
    }

    #[test]
    fn a_hostile_pattern_ends() {
        assert!(!covers(&"*a".repeat(2_000), &"a".repeat(1_900)));
    }
}
