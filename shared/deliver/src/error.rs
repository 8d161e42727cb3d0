//! Why a message was not delivered, and whether to try again.

use jiff::SignedDuration;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a channel cannot be used as it is configured. None of them shows the secret.
#[derive(Debug, thiserror::Error)]
pub enum ChannelProblem {
    #[error("`{0}` is not a host that messages may be sent to: a DNS name, or 127.0.0.1 for tests")]
    Host(String),
    #[error("the webhook is not a URL")]
    NotAUrl(#[source] BoxError),
    #[error("the webhook holds characters that a URL does not need")]
    Characters,
    #[error("the webhook does not begin with `{0}`")]
    Beginning(String),
    #[error("the webhook names a user or a password")]
    UserInfo,
    #[error("the webhook is not on the host `{0}`")]
    OtherHost(String),
    #[error("the webhook is not on port 443")]
    Port,
    #[error("the webhook has no path, or a query or a fragment")]
    Path,
    #[error("the integration key is not 32 letters and digits")]
    Key,
    #[error("the HTTP client could not be made")]
    Client(#[source] reqwest::Error),
}

/// Why a message was not delivered. `word` is the service's own, such as `invalid_payload`; which service it is, the
/// caller knows.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("the message could not be written as JSON")]
    Unwritable(#[source] reqwest::Error),
    #[error("the service could not be reached")]
    Unreachable(#[source] reqwest::Error),
    /// It may have arrived.
    #[error("the service did not answer in time")]
    TimedOut(#[source] reqwest::Error),
    #[error("the service asks to wait")]
    Throttled { after: Option<SignedDuration> },
    #[error("the service is failing with status {status}, `{word}`")]
    Failing { status: u16, word: String, after: Option<SignedDuration> },
    /// The secret may have been rotated: worth fetching once more.
    #[error("the service does not accept the secret: status {status}, `{word}`")]
    StaleSecret { status: u16, word: String },
    #[error("the service answered with a redirect, status {status}, which is not followed")]
    Redirected { status: u16 },
    #[error("the service refuses the message with status {status}, `{word}`")]
    Refused { status: u16, word: String },
}

/// Is it worth trying again?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After so long, where the other side said how long.
    Later {
        after: Option<SignedDuration>,
    },
}

impl DeliveryError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) => Retry::Later { after: None },
            Self::Throttled { after } | Self::Failing { after, .. } => Retry::Later { after: *after },
            Self::Unwritable(_)
            | Self::StaleSecret { .. }
            | Self::Redirected { .. }
            | Self::Refused { .. } => Retry::Never,
        }
    }

    /// The error of a request without its address, which may be a secret.
    pub(crate) fn unsent(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_builder() {
            Self::Unwritable(error)
        } else if error.is_timeout() {
            Self::TimedOut(error)
        } else {
            Self::Unreachable(error)
        }
    }
}
