//! What travels in a function's zip beside its binary: the rules and the configuration.

use rules::{Config, RuleBook, RuleFile};
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
    #[error("the configuration is not sound: {0}")]
    Config(String),
}

impl Package {
    /// Keeps every rule that is sound and reports every one that is not. What was packed was checked.
    pub fn read(folder: &Path) -> Result<Self, PackageError> {
        let config = folder.join("gardefou.yaml");
        let config =
            Config::read(&text(&config)?).map_err(|problem| PackageError::Config(problem.to_string()))?;
        let mut files = Vec::new();
        for pack in folders(&folder.join("rules"))? {
            for rule in folders(&pack)? {
                let path = rule.strip_prefix(folder).unwrap_or(&rule).display().to_string();
                files.push(RuleFile { rule_yaml: text(&rule.join("rule.yaml"))?, path, cases_yaml: None });
            }
        }
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

/// In order of their names: the same package is the same book.
fn folders(path: &Path) -> Result<Vec<PathBuf>, PackageError> {
    let failed = |source| PackageError::Read { path: path.to_owned(), source };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}
