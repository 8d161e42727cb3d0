//! What the template says to a function, in its environment. Read once, by the function's own settings.

use crate::SqsUrls;
use jiff::SignedDuration;
use model::{AccountId, Timing};
use std::path::PathBuf;

/// What every function needs that writes findings.
#[derive(Debug)]
pub struct Settings {
    /// Where the zip was unpacked.
    pub package: PathBuf,
    pub table: String,
    pub queues: SqsUrls,
    /// The role whose sessions touch accounts.
    pub acting_role: String,
    pub timing: Timing,
}

impl Settings {
    pub fn from_env() -> Result<Self, SettingsError> {
        let (first_read, next_read) = (seconds("VERIFY_FIRST_SECONDS")?, seconds("VERIFY_NEXT_SECONDS")?);
        Ok(Self {
            package: text("LAMBDA_TASK_ROOT")?.into(),
            table: text("LEDGER_TABLE")?,
            queues: SqsUrls {
                revert_network: text("REVERT_NETWORK_QUEUE_URL")?,
                notify: text("NOTIFY_QUEUE_URL")?,
            },
            acting_role: text("ACTING_ROLE_ARN")?,
            timing: Timing { first_read, next_read, ..Timing::default() },
        })
    }
}

/// The guarded accounts: the guard's own, which its role's ARN names, and `MEMBER_ACCOUNTS`, joined by commas.
pub fn accounts(own_role: &str) -> Result<Vec<AccountId>, SettingsError> {
    let own = own_role.split(':').nth(4).unwrap_or_default();
    let members = text("MEMBER_ACCOUNTS")?;
    let named = std::iter::once(own).chain(members.split(',')).map(str::trim).filter(|text| !text.is_empty());
    let mut accounts: Vec<AccountId> = Vec::new();
    for text in named {
        let account = text.parse().map_err(|_| SettingsError::NotAccounts("MEMBER_ACCOUNTS"))?;
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the environment variable `{0}` is missing")]
    Missing(&'static str),
    #[error("the environment variable `{0}` is no whole number of seconds")]
    NotSeconds(&'static str),
    #[error("the environment variable `{0}` names something that is no account")]
    NotAccounts(&'static str),
}

#[expect(clippy::disallowed_methods, reason = "the functions read their environment through this, once")]
pub fn text(name: &'static str) -> Result<String, SettingsError> {
    std::env::var(name).map_err(|_| SettingsError::Missing(name))
}

/// Empty means off.
pub fn given(name: &'static str) -> Result<Option<String>, SettingsError> {
    Ok(Some(text(name)?).filter(|text| !text.is_empty()))
}

fn seconds(name: &'static str) -> Result<SignedDuration, SettingsError> {
    let number: Result<u16, _> = text(name)?.parse();
    number.map(|number| SignedDuration::from_secs(number.into())).map_err(|_| SettingsError::NotSeconds(name))
}
