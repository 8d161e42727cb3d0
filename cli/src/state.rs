//! A resource as somebody wrote it down, instead of reading it from AWS.

use crate::book::{self, BookError};
use crate::shown;
use model::{Observed, SecurityGroup};
use serde_json::Value;
use std::path::Path;

#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error(transparent)]
    File(#[from] BookError),
    #[error("`{path}` is neither JSON nor YAML")]
    Syntax {
        path: String,
        #[source]
        error: Box<serde_saphyr::Error>,
    },
    #[error("`{path}` describes no resource that can be observed")]
    Shape {
        path: String,
        #[source]
        error: serde_json::Error,
    },
}

/// JSON or YAML: an observed resource (`gone`, `security-group: …`), or a security group by itself.
pub(crate) fn read(path: &Path) -> Result<Observed, StateError> {
    let text = book::text(path)?;
    let path = shown::path(path);
    let value: Value = serde_saphyr::from_str(&text)
        .map_err(|error| StateError::Syntax { path: path.clone(), error: Box::new(error) })?;
    let group = value.get("group").is_some();
    let observed = if group {
        serde_json::from_value::<SecurityGroup>(value).map(Observed::SecurityGroup)
    } else {
        serde_json::from_value(value)
    };
    observed.map_err(|error| StateError::Shape { path, error })
}
