//! How bad it is, and what may be done about it.

use serde::{Deserialize, Serialize};

/// A word that names no grade.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} `{text}`: one of {known}")]
pub struct UnknownGrade {
    kind: &'static str,
    text: String,
    known: &'static str,
}

macro_rules! grade {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $known:literal, $($(#[$vdoc:meta])* $variant:ident = $word:literal),+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownGrade;
            fn from_str(text: &str) -> Result<Self, UnknownGrade> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownGrade { kind: $kind, text: text.to_owned(), known: $known }),
                }
            }
        }
    };
}

grade!(
    /// How bad a violation is; the greater the worse.
    Severity, "severity", "low, medium, high, critical",
    Low = "low", Medium = "medium", High = "high", Critical = "critical"
);

grade!(
    /// What is done about a violation; each includes the ones before it.
    Mode, "mode", "observe, notify, approve, revert",
    /// Recorded.
    Observe = "observe",
    /// People are told.
    Notify = "notify",
    /// Taken back when a person says so.
    Approve = "approve",
    /// Taken back at once.
    Revert = "revert"
);

/// A rule asks, the account's configuration allows; the smaller of the two is done.
pub fn granted(asked: Mode, allowed: Mode) -> Mode {
    asked.min(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_granted_never_exceeds_what_is_allowed_nor_what_is_asked() {
        for &asked in Mode::ALL {
            for &allowed in Mode::ALL {
                let done = granted(asked, allowed);
                assert!(done <= asked && done <= allowed);
                assert!(done == asked || done == allowed);
            }
        }
    }

    #[test]
    fn an_unknown_mode_is_refused_with_the_known_ones() {
        assert_eq!(
            "revertt".parse::<Mode>().unwrap_err().to_string(),
            "unknown mode `revertt`: one of observe, notify, approve, revert"
        );
    }
}
