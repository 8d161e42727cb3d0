//! What is wrong in a file that people wrote, and where.

use crate::yaml::Place;

/// Something wrong in a file that people wrote, and where. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}:{line}:{column}: {text}")]
pub struct Problem {
    pub path: String,
    pub line: u64,
    pub column: u64,
    pub text: String,
}

impl Problem {
    pub(crate) fn new(path: &str, place: Place, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: place.line, column: place.column, text: text.into() }
    }
}

/// Something that a condition or a message may not say, and at which of its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) text: String,
}

/// A rule folder's texts, as somebody else read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// The folder's path: problems name the files in it.
    pub path: String,
    pub rule_yaml: String,
    pub cases_yaml: Option<String>,
}

impl RuleFile {
    pub(crate) fn rule_path(&self) -> String {
        format!("{}/rule.yaml", self.path.trim_end_matches('/'))
    }

    pub(crate) fn cases_path(&self) -> String {
        format!("{}/cases.yaml", self.path.trim_end_matches('/'))
    }

    /// The folder's own name: it has to be the rule's id.
    pub(crate) fn folder(&self) -> &str {
        self.path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default()
    }
}
