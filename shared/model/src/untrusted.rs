//! Text that came from outside: from an event, a tag, a group's name.

use serde::{Deserialize, Serialize};

/// Text whose writer may be an attacker. It has no `Display`: each sink escapes it in its own way (`render`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it came. For comparing, hashing and escaping, never for showing.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}
