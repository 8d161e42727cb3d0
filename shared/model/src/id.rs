//! Ids that cannot be mixed up. Each is checked once, where it enters.

use serde::{Deserialize, Serialize};

/// A text that is not the id it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed {kind} `{text}`")]
pub struct MalformedId {
    pub kind: &'static str,
    pub text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;
            fn try_from(text: String) -> Result<Self, MalformedId> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(&text) { Ok(Self(text)) } else { Err(MalformedId { kind: $kind, text }) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = MalformedId;
            fn from_str(text: &str) -> Result<Self, MalformedId> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// `prefix` and then lower-case hexadecimal digits, as EC2 makes its ids.
fn hex_after(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (1..=32).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Words of lower-case letters and digits joined by `-`, as rules and reverters are named.
fn kebab(text: &str) -> bool {
    text.len() <= 80
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

id!(
    /// Twelve digits.
    AccountId, "account id", |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
);
id!(
    /// Such as `eu-west-3`.
    Region, "region", |text| kebab(text) && text.contains('-') && text.len() <= 30
);
id!(
    /// The first label of an event source: `ec2` of `ec2.amazonaws.com`.
    Service, "service", |text| {
        (1..=60).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    }
);
id!(
    /// CloudTrail's `eventID`: a UUID.
    EventId, "event id", |text| {
        text.len() == 36
            && text.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
    }
);
id!(
    /// A security group: `sg-…`.
    GroupId, "security group id", |text| hex_after("sg-", text)
);
id!(
    /// One line of a security group: `sgr-…`. AWS never gives the same one twice.
    GroupRuleId, "security group rule id", |text| hex_after("sgr-", text)
);
id!(
    /// A managed prefix list: `pl-…`.
    PrefixListId, "prefix list id", |text| hex_after("pl-", text)
);
id!(
    /// A rule is named after the fault: `ec2-sg-ssh-open`.
    RuleId, "rule id", kebab
);
id!(
    /// A reverter is named after what it restores: `security-group-rules`.
    ReverterName, "reverter name", kebab
);
id!(
    /// `bastion-migration`, or 16 hexadecimal digits.
    WaiverId, "waiver id", kebab
);
id!(
    /// 26 characters of base 32, made from what was found (see [`FindingId::of`]).
    FindingId, "finding id", |text| text.len() == 26
        && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
);

impl FindingId {
    /// The same change on the same resource has the same id, whoever computes it.
    pub fn of(resource: &crate::Resource, cause: &str) -> Self {
        use sha2::Digest as _;
        let text = format!("{}|{}|{}|{cause}", resource.account, resource.region, resource.id.raw());
        let digest = sha2::Sha256::digest(text.as_bytes());
        let mut id = data_encoding::BASE32_NOPAD.encode(&digest).to_ascii_lowercase();
        id.truncate(26);
        Self(id)
    }
}

impl GroupId {
    /// Of a group that is only thought of.
    pub fn nobody() -> Self {
        Self("sg-0".to_owned())
    }
}

impl EventId {
    /// Of what no record tells.
    pub fn nil() -> Self {
        Self("00000000-0000-0000-0000-000000000000".to_owned())
    }
}

impl Service {
    /// `ec2.amazonaws.com` is the service `ec2`.
    pub fn of_event_source(source: &str) -> Result<Self, MalformedId> {
        source.strip_suffix(".amazonaws.com").unwrap_or(source).parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_id_is_refused_with_its_kind() {
        let refused = |result: Result<(), MalformedId>| result.unwrap_err().to_string();
        assert_eq!(refused("12".parse::<AccountId>().map(drop)), "malformed account id `12`");
        assert_eq!(refused("sg-XYZ".parse::<GroupId>().map(drop)), "malformed security group id `sg-XYZ`");
        assert_eq!(refused("sg-".parse::<GroupId>().map(drop)), "malformed security group id `sg-`");
        assert_eq!(
            refused("sgr-0 1".parse::<GroupRuleId>().map(drop)),
            "malformed security group rule id `sgr-0 1`"
        );
        assert_eq!(refused("Ssh".parse::<RuleId>().map(drop)), "malformed rule id `Ssh`");
        assert_eq!(refused("paris".parse::<Region>().map(drop)), "malformed region `paris`");
        assert_eq!(refused("not-a-uuid".parse::<EventId>().map(drop)), "malformed event id `not-a-uuid`");
    }

    #[test]
    fn well_formed_ids_are_kept_as_they_are() {
        assert_eq!("111122223333".parse::<AccountId>().unwrap().as_str(), "111122223333");
        assert_eq!("eu-west-3".parse::<Region>().unwrap().as_str(), "eu-west-3");
        assert_eq!("sgr-0b2b2b2b2b2b2b2b2".parse::<GroupRuleId>().unwrap().as_str(), "sgr-0b2b2b2b2b2b2b2b2");
        assert_eq!(Service::of_event_source("ec2.amazonaws.com").unwrap().as_str(), "ec2");
    }

    #[test]
    fn a_malformed_id_is_refused_at_the_border_of_json_too() {
        let error = serde_json::from_str::<AccountId>("\"12\"").unwrap_err();
        assert_eq!(error.to_string(), "malformed account id `12`");
    }
}
