//! The invariants of `docs/architecture.md` that can be read off the files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't read the repository has failed"
)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE_LINES_MAX: usize = 400;
const MAIN_LINES_MAX: usize = 40;

fn root() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).parent().unwrap().to_owned()
}

/// Own crates by folder, each with the folders of those it depends on and the names of the others.
struct Crate {
    folder: String,
    own: Vec<String>,
    foreign: Vec<String>,
}

fn crates() -> Vec<Crate> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let folder =
        |path: &str| path.strip_prefix(root().to_str().unwrap()).unwrap().trim_matches('/').to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let manifest =
                Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_str().unwrap();
            let shipped = |dependency: &&Value| dependency["kind"].as_str() != Some("dev");
            let dependencies = package["dependencies"].as_array().unwrap().iter().filter(shipped);
            let (own, foreign): (Vec<_>, Vec<_>) =
                dependencies.partition(|dependency| dependency["path"].is_string());
            Crate {
                folder: folder(manifest),
                own: own.iter().map(|dependency| folder(dependency["path"].as_str().unwrap())).collect(),
                foreign: foreign
                    .iter()
                    .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                    .collect(),
            }
        })
        .collect()
}

fn floor(folder: &str) -> u8 {
    match folder {
        "shared/model" => 0,
        "shared/trail" => 1,
        "shared/rules" | "shared/revert" | "shared/render" => 2,
        "shared/engine" => 3,
        "shared/aws" | "shared/hands" | "shared/deliver" | "shared/sim" => 4,
        _ if folder.starts_with("functions/") || folder == "cli" || folder.starts_with("tests") => 5,
        _ => panic!("`{folder}` stands on no floor: say which in docs/architecture.md and here"),
    }
}

#[test]
fn a_crate_uses_lower_floors_only() {
    for one in crates() {
        for other in &one.own {
            assert!(floor(other) < floor(&one.folder), "{} uses {other}", one.folder);
        }
    }
}

#[test]
fn the_aws_sdk_is_named_by_aws_hands_and_the_functions_only() {
    for one in crates() {
        let may = matches!(one.folder.as_str(), "shared/aws" | "shared/hands")
            || one.folder.starts_with("functions/");
        let names = one.foreign.iter().find(|name| name.starts_with("aws-"));
        assert!(may || names.is_none(), "{} uses {names:?}", one.folder);
    }
}

#[test]
fn only_the_functions_that_act_and_look_link_the_hands() {
    for one in crates() {
        let acts = one.own.iter().any(|other| other == "shared/hands");
        let may = matches!(one.folder.as_str(), "functions/revert" | "functions/sweep");
        assert_eq!(acts, may, "{}", one.folder);
    }
}

#[test]
fn no_function_and_no_command_has_the_planted_faults() {
    for one in crates().into_iter().filter(|one| floor(&one.folder) == 5) {
        let manifest = std::fs::read_to_string(root().join(&one.folder).join("Cargo.toml")).unwrap();
        assert!(!manifest.contains("planted"), "{}", one.folder);
    }
}

#[test]
fn the_pure_floors_know_no_runtime_no_http_and_no_files() {
    let impure = ["tokio", "reqwest", "hyper", "futures", "lambda_runtime", "fastrand"];
    for one in crates().into_iter().filter(|one| floor(&one.folder) <= 2) {
        for name in impure {
            assert!(!one.foreign.iter().any(|foreign| foreign == name), "{} uses {name}", one.folder);
        }
        for (path, text) in sources(&one.folder) {
            for call in [
                "std::fs",
                "std::env::",
                "SystemTime::now",
                "Instant::now",
                "Timestamp::now",
                "std::net::Tcp",
            ] {
                let named =
                    text.lines().any(|line| line.contains(call) && !line.trim_start().starts_with("//"));
                assert!(!named, "{} names {call}", path.display());
            }
        }
    }
}

#[test]
fn the_environment_is_read_in_settings_only() {
    for one in crates().into_iter().filter(|one| one.folder != "tests") {
        for (path, text) in
            sources(&one.folder).into_iter().filter(|(path, _)| !path.ends_with("settings.rs"))
        {
            assert!(!text.contains("env::var("), "{} reads the environment", path.display());
        }
    }
}

#[test]
fn every_crate_inherits_the_workspace_s_lints() {
    for one in crates() {
        let manifest = std::fs::read_to_string(root().join(&one.folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", one.folder);
    }
}

#[test]
fn no_file_is_longer_than_four_hundred_lines_and_no_main_than_forty() {
    for one in crates() {
        for (path, text) in files(&root().join(&one.folder)) {
            let (lines, main) = (text.lines().count(), path.ends_with("src/main.rs"));
            let most = if main { MAIN_LINES_MAX } else { FILE_LINES_MAX };
            assert!(lines <= most, "{} has {lines} lines, more than {most}", path.display());
        }
    }
}

#[test]
fn every_file_begins_by_saying_what_it_is() {
    for one in crates() {
        for (path, text) in sources(&one.folder) {
            let tests = path.file_name().unwrap().to_str().unwrap().ends_with("_tests.rs");
            assert!(tests || text.starts_with("//!"), "{} has no `//!`", path.display());
        }
    }
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(&root().join(folder).join("src"))
}

fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    folder_files(folder, ".rs")
}

fn folder_files(folder: &Path, ending: &str) -> Vec<(PathBuf, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(folder_files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found.sort();
    found
}
