//! One statement of a policy: who may, or may not, do what to what, and under which conditions.

use crate::Untrusted;
use serde::{Deserialize, Serialize};

/// One statement as its policy has it. Everything in it may be written by an attacker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Statement {
    /// Its resource and its `Sid`; where it has none of its own, its position. No two of a policy share one.
    pub id: Untrusted,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Untrusted>,
    /// Where it stands in its policy, from 0.
    pub position: usize,
    pub effect: Effect,
    #[serde(default, skip_serializing_if = "Listed::is_unsaid")]
    pub principals: Listed<Principal>,
    #[serde(default, skip_serializing_if = "Listed::is_unsaid")]
    pub actions: Listed<Untrusted>,
    #[serde(default, skip_serializing_if = "Listed::is_unsaid")]
    pub resources: Listed<Untrusted>,
    /// All of them have to be met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Requirement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` and `NotAction`, and their like. A policy of an identity names no principals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listed<T> {
    #[default]
    Unsaid,
    These(Vec<T>),
    AllBut(Vec<T>),
}

/// `{"AWS": "…"}` is of the kind `AWS`; of `"*"` alone, the kind is `*` too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(Untrusted, Untrusted)", into = "(Untrusted, Untrusted)")]
pub struct Principal {
    pub kind: Untrusted,
    pub name: Untrusted,
}

/// One key under one operator of `Condition`: one of the values has to match.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Requirement {
    pub operator: Untrusted,
    pub key: Untrusted,
    pub values: Vec<Untrusted>,
}

impl Statement {
    /// Its `Sid`, or its position, counted from 1 as people do.
    pub fn name(&self) -> Untrusted {
        self.sid.clone().unwrap_or_else(|| Untrusted::new(format!("#{}", self.position + 1)))
    }

    /// Do the two say the same, in whatever order, wherever they stand and whatever they are called?
    pub fn same_content(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }

    /// What it says, as one text: lists sorted, and letters small where IAM does not tell them apart.
    pub(crate) fn canonical(&self) -> String {
        let principals =
            listed(&self.principals, |principal| quoted(&[principal.kind.raw(), principal.name.raw()]));
        let actions = listed(&self.actions, |action| quoted(&[&action.raw().to_ascii_lowercase()]));
        let resources = listed(&self.resources, |resource| quoted(&[resource.raw()]));
        let mut conditions: Vec<String> = self.conditions.iter().map(Requirement::canonical).collect();
        conditions.sort_unstable();
        let effect = self.effect.word();
        format!("statement|{effect}|{principals}|{actions}|{resources}|{}", conditions.join("&"))
    }
}

impl Effect {
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

impl<T> Listed<T> {
    pub fn is_unsaid(&self) -> bool {
        matches!(self, Self::Unsaid)
    }

    /// What is written, whether it is what is meant or what is left out.
    pub fn written(&self) -> &[T] {
        match self {
            Self::Unsaid => &[],
            Self::These(list) | Self::AllBut(list) => list,
        }
    }
}

impl Requirement {
    fn canonical(&self) -> String {
        let mut values: Vec<&str> = self.values.iter().map(Untrusted::raw).collect();
        values.sort_unstable();
        let (operator, key) = (self.operator.raw().to_ascii_lowercase(), self.key.raw().to_ascii_lowercase());
        format!("{} {}", quoted(&[&operator, &key]), quoted(&values))
    }
}

impl From<(Untrusted, Untrusted)> for Principal {
    fn from((kind, name): (Untrusted, Untrusted)) -> Self {
        Self { kind, name }
    }
}

impl From<Principal> for (Untrusted, Untrusted) {
    fn from(Principal { kind, name }: Principal) -> Self {
        (kind, name)
    }
}

fn listed<T>(list: &Listed<T>, text: impl Fn(&T) -> String) -> String {
    let word = match list {
        Listed::Unsaid => return "unsaid".to_owned(),
        Listed::These(_) => "these",
        Listed::AllBut(_) => "all but",
    };
    let mut texts: Vec<String> = list.written().iter().map(text).collect();
    texts.sort_unstable();
    format!("{word} {}", texts.join(","))
}

/// No text can pass for two, or for the signs between them.
fn quoted(texts: &[&str]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Item;

    fn statement() -> Statement {
        let texts = |texts: &[&str]| texts.iter().map(|text| Untrusted::from(*text)).collect::<Vec<_>>();
        let principal = |name: &str| Principal { kind: "AWS".into(), name: name.into() };
        Statement {
            id: "yourmedia-assets/Share".into(),
            sid: Some("Share".into()),
            position: 0,
            effect: Effect::Allow,
            principals: Listed::These(vec![principal("*"), principal("111122223333")]),
            actions: Listed::These(texts(&["s3:GetObject", "s3:ListBucket"])),
            resources: Listed::These(texts(&["arn:aws:s3:::yourmedia-assets/*"])),
            conditions: vec![Requirement {
                operator: "StringEquals".into(),
                key: "aws:PrincipalOrgID".into(),
                values: texts(&["o-exampleorg1"]),
            }],
        }
    }

    #[test]
    fn the_order_the_name_and_the_place_are_no_part_of_what_it_says() {
        let mut other = Statement { sid: None, position: 7, id: "#8".into(), ..statement() };
        let (Listed::These(principals), Listed::These(actions)) = (&mut other.principals, &mut other.actions)
        else {
            panic!("both are lists")
        };
        principals.reverse();
        *actions = vec!["S3:listbucket".into(), "s3:GetObject".into()];
        assert!(statement().same_content(&other));
        assert_eq!(Item::Statement(statement()).content(), Item::Statement(other.clone()).content());
        assert_eq!((statement().name().raw(), other.name().raw()), ("Share", "#8"));
    }

    #[test]
    fn whatever_else_differs_is_another_content() {
        let changed: [fn(&mut Statement); 6] = [
            |one| one.effect = Effect::Deny,
            |one| one.principals = Listed::AllBut(one.principals.written().to_vec()),
            |one| one.principals = Listed::Unsaid,
            |one| one.actions = Listed::These(vec!["s3:GetObject\" \"s3:ListBucket".into()]),
            |one| one.resources = Listed::These(vec!["arn:aws:s3:::YourMedia-assets/*".into()]),
            |one| one.conditions[0].operator = "StringEqualsIfExists".into(),
        ];
        for change in changed {
            let mut other = statement();
            change(&mut other);
            assert!(!statement().same_content(&other), "{}", other.canonical());
        }
    }

    #[test]
    fn a_statement_survives_the_ledger() {
        let text = serde_json::to_string(&Item::Statement(statement())).unwrap();
        assert_eq!(serde_json::from_str::<Item>(&text).unwrap(), Item::Statement(statement()));
        assert!(text.contains(r#"["AWS","111122223333"]"#), "{text}");
    }
}
