//! What travels in a function's zip.
#![expect(clippy::unwrap_used, reason = "a test")]

use aws::{Package, PackageError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A package with the shipped configuration and these rules of the network pack.
fn package(name: &str, rules: &[(&str, String)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let texts: BTreeMap<String, &String> =
        rules.iter().map(|(rule, text)| (format!("rules/network/{rule}"), text)).collect();
    std::fs::write(folder.join("rules.json"), serde_json::to_string(&texts).unwrap()).unwrap();
    std::fs::write(folder.join("gardefou.yaml"), shipped("gardefou.yaml")).unwrap();
    folder
}

fn shipped(path: &str) -> String {
    std::fs::read_to_string(
        Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../..").join(path),
    )
    .unwrap()
}

#[test]
fn a_function_starts_with_the_sound_rules_and_leaves_the_broken_ones_out() {
    let sound = shipped("rules/network/ec2-sg-ssh-open/rule.yaml");
    let broken = sound.replace("ec2-sg-ssh-open", "ec2-sg-broken").replace("severity:", "severty:");
    let folder = package("one-broken", &[("ec2-sg-ssh-open", sound), ("ec2-sg-broken", broken)]);
    let Package { rules, .. } = Package::read(&folder).unwrap();
    let names: Vec<String> = rules.rules().iter().map(|rule| rule.id.to_string()).collect();
    assert_eq!(names, ["ec2-sg-ssh-open"]);
}

#[test]
fn without_its_rules_a_function_does_not_start() {
    let folder = package("no-rules", &[]);
    std::fs::write(folder.join("rules.json"), "[]").unwrap();
    assert!(matches!(Package::read(&folder).unwrap_err(), PackageError::Rules { .. }));
}

#[test]
fn without_its_configuration_a_function_does_not_start_and_says_which_file_is_missing() {
    let folder = package("no-configuration", &[]);
    std::fs::remove_file(folder.join("gardefou.yaml")).unwrap();
    let error = Package::read(&folder).unwrap_err();
    assert!(matches!(&error, PackageError::Read { path, .. } if path.ends_with("gardefou.yaml")), "{error}");
}

#[test]
fn an_unsound_configuration_names_its_line() {
    let folder =
        package("unsound", &[("ec2-sg-ssh-open", shipped("rules/network/ec2-sg-ssh-open/rule.yaml"))]);
    std::fs::write(folder.join("gardefou.yaml"), "mode: observe\nmodes: {}\n").unwrap();
    let error = Package::read(&folder).unwrap_err().to_string();
    assert!(error.contains("gardefou.yaml:2:"), "{error}");
}
