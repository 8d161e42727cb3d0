//! What travels in a function's zip beside its binary: the rules and the configuration.

use rules::{Config, RuleBook, RuleFile};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rules and the configuration of this version of the function.
#[derive(Debug)]
pub struct Package {
    pub config: Config,
    pub rules: RuleBook,
}

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("`{path}` could not be read")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("`{path}` is no map of rules")]
    Rules { path: PathBuf, source: serde_json::Error },
    #[error("the configuration is not sound: {0}")]
    Config(String),
}

impl Package {
    /// Keeps every rule that is sound and reports every one that is not. What was packed was checked.
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let config = folder.join("gardefou.yaml");
        let config =
            Config::read(&text(&config)?).map_err(|problem| PackageError::Config(problem.to_string()))?;
        let path = folder.join("rules.json");
        let texts: BTreeMap<String, String> =
            serde_json::from_str(&text(&path)?).map_err(|source| PackageError::Rules { path, source })?;
        let files = texts.into_iter().map(|(path, rule_yaml)| RuleFile { path, rule_yaml, cases_yaml: None });
        let (rules, problems) = RuleBook::trust(files, &config);
        for problem in problems {
            tracing::error!(%problem, "a rule is left out");
        }
        Ok(Self { config, rules })
    }
}

fn text(path: &Path) -> Result<String, PackageError> {
    std::fs::read_to_string(path).map_err(|source| PackageError::Read { path: path.to_owned(), source })
}
