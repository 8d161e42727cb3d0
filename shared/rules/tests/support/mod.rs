//! The shipped rules, configuration and events, read from the checkout.

use rules::{Config, RuleFile};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..")
}

pub(crate) fn config() -> Config {
    Config::read(&fs::read_to_string(root().join("gardefou.yaml")).unwrap()).unwrap()
}

/// The rule folders, each named from the root.
pub(crate) fn rule_files() -> Vec<RuleFile> {
    let folders = files_under(&root().join("rules"), "rule.yaml");
    let read = |rule: PathBuf| {
        let folder = rule.parent().unwrap();
        RuleFile {
            path: folder.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(),
            rule_yaml: fs::read_to_string(&rule).unwrap(),
            cases_yaml: fs::read_to_string(folder.join("cases.yaml")).ok(),
        }
    };
    folders.into_iter().map(read).collect()
}

pub(crate) fn event(path: &str) -> Option<String> {
    fs::read_to_string(root().join("events").join(path)).ok()
}

/// Every event by its path under `events/`, sorted.
pub(crate) fn events() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("events");
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        (name, fs::read(&path).unwrap())
    };
    files_under(&folder, ".json").into_iter().map(named).collect()
}

fn files_under(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
