//! What the template says to a function, in its environment. Read once, by the function's own settings.

use jiff::SignedDuration;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the environment variable `{0}` is missing")]
    Missing(&'static str),
    #[error("the environment variable `{0}` is no whole number of seconds")]
    NotSeconds(&'static str),
}

#[expect(clippy::disallowed_methods, reason = "the functions read their environment through this, once")]
pub fn text(name: &'static str) -> Result<String, SettingsError> {
    std::env::var(name).map_err(|_| SettingsError::Missing(name))
}

/// Empty means off.
pub fn given(name: &'static str) -> Result<Option<String>, SettingsError> {
    Ok(Some(text(name)?).filter(|text| !text.is_empty()))
}

pub fn seconds(name: &'static str) -> Result<SignedDuration, SettingsError> {
    let number: Result<u16, _> = text(name)?.parse();
    number.map(|number| SignedDuration::from_secs(number.into())).map_err(|_| SettingsError::NotSeconds(name))
}
