//! What keeps a command on the deployed guard from its end, and how the command ends then.

use crate::book::BookError;
use crate::streams::{WriteError, chain};
use aws::{CallerError, DeadLetterError};
use engine::{DecisionError, LedgerError, MoveError};
use model::FindingId;
use std::io;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Ledger(#[from] MoveError),
    #[error(transparent)]
    Decision(#[from] DecisionError),
    #[error(transparent)]
    Caller(#[from] CallerError),
    #[error(transparent)]
    Letters(#[from] DeadLetterError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error("the command could not begin")]
    Runtime(#[source] io::Error),
    #[error("no region: give --region, or set AWS_REGION")]
    NoRegion,
    #[error("no finding begins with `{0}`")]
    Unknown(String),
    #[error("`{prefix}` begins {count} findings, {one} and {two} among them: give more of it")]
    Ambiguous { prefix: String, count: usize, one: FindingId, two: FindingId },
    #[error("nobody is there to be asked: look with `show`, and approve with --yes")]
    Unconfirmed,
}

impl From<LedgerError> for Trouble {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error.into())
    }
}

/// Whose fault it is, as far as the exit code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Refused,
    Usage,
    /// AWS could not be reached, or did not let the caller.
    Unreached,
}

impl Trouble {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Write(_) | Self::Ledger(_) | Self::Caller(_) | Self::Letters(_) | Self::Runtime(_) => {
                Kind::Unreached
            }
            Self::Decision(error) => match error {
                DecisionError::Move(_) => Kind::Unreached,
                DecisionError::NoReason | DecisionError::NotWaivable(_) | DecisionError::TooLong => {
                    Kind::Usage
                }
                DecisionError::Unknown(_)
                | DecisionError::Refused { .. }
                | DecisionError::Busy(_)
                | DecisionError::OwnChange
                | DecisionError::NothingToUndo(..)
                | DecisionError::Taken(_)
                | DecisionError::Undone(_) => Kind::Refused,
            },
            Self::Unknown(_) => Kind::Refused,
            Self::Book(_) | Self::NoRegion | Self::Ambiguous { .. } | Self::Unconfirmed => Kind::Usage,
        }
    }

    /// What to do about it, where that can be told from AWS's answer.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        let said = chain(self);
        let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if self.kind() != Kind::Unreached {
            None
        } else if says(&["ResourceNotFound", "NonExistentQueue", "QueueDoesNotExist"]) {
            Some("is it deployed here? name the stack with --stack and where it is with --region")
        } else if says(&["AccessDenied", "not authorized", "UnauthorizedOperation"]) {
            Some("your credentials may not do this: docs/deciding.md says what is needed")
        } else if says(&["no providers in chain", "credentials", "ExpiredToken", "InvalidClientTokenId"]) {
            Some(
                "sign in first; after `aws sso login`: eval \"$(aws configure export-credentials --format env)\"",
            )
        } else {
            None
        }
    }
}
