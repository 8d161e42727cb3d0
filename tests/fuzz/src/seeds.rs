//! What a target is fed with first: the checkout's own files.

use std::fs;
use std::path::{Path, PathBuf};

/// Read when it runs: a corpus may be of another checkout than the binary.
fn root() -> PathBuf {
    let crate_folder = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where this crate is");
    Path::new(&crate_folder).join("../..")
}

pub(crate) fn text(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// Each event of `events/`, in one order.
pub(crate) fn events() -> Vec<String> {
    let events = files(&root().join("events"), ".json");
    assert!(events.len() > 1_000, "{} events", events.len());
    events
}

/// Each `rule.yaml`, in one order.
pub(crate) fn rules() -> Vec<String> {
    let rules = files(&root().join("rules"), "rule.yaml");
    assert!(rules.len() > 100, "{} rules", rules.len());
    rules
}

fn files(folder: &Path, ending: &str) -> Vec<String> {
    paths(folder, ending).iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn paths(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(paths(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
