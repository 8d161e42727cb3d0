//! Why bytes are no change, and why a change has no view.

use model::NotARange;

/// Why bytes were not taken for a CloudTrail record. The text begins with the JSON path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("{path}: not JSON: {reason}")]
    Syntax { path: String, reason: String },
    #[error("top level: nested deeper than {depth_max} levels")]
    TooDeep { depth_max: usize },
    /// Two readers may each believe another one.
    #[error("{path}: the key `{key}` is there twice")]
    Twice { path: String, key: String },
    #[error(transparent)]
    Misread(#[from] Misread),
    #[error("{path}: `{text}` is not {expected}")]
    Malformed { path: String, expected: &'static str, text: String },
    #[error("{path}: malformed {kind} `{text}`")]
    Id { path: String, kind: &'static str, text: String },
    #[error("{path}: version `{version}` is not one that is understood")]
    Version { path: String, version: String },
}

/// Why a view could not be read from a record that is otherwise understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    #[error("{path}: CloudTrail left it out because it is oversized")]
    Oversized { path: String },
    #[error(transparent)]
    Misread(#[from] Misread),
    #[error("{path}: `{text}` is not {expected}")]
    Malformed { path: String, expected: &'static str, text: String },
    #[error("{path}: {ports}")]
    Ports { path: String, ports: NotARange },
    #[error("{path}: only one end of a range of ports")]
    HalfRange { path: String },
    #[error("{path}: more than a policy holds")]
    TooLarge { path: String },
}

/// A value of another type than the one that is meant, or none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: expected {expected}, found {found}")]
pub struct Misread {
    pub path: String,
    pub expected: &'static str,
    pub found: &'static str,
}

/// Longer texts are cut where they are quoted.
const QUOTED_CHARS_MAX: usize = 80;

/// Text from an event, fit for an error: short, and without control characters.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted: String = text.chars().take(QUOTED_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
        quoted.push('…');
    }
    quoted
}
