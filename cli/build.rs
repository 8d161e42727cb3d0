//! Puts the rules of this repository into the command, as a list of (path, text).
//!
//! A build script and no macro crate: cargo watches the folder, so that a rule that is added is built in.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    // Asked when it runs: a target directory may be shared by several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| io::Error::other("cargo gives CARGO_MANIFEST_DIR"))?;
    let rules = Path::new(&here).join("../rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut list = String::from("&[\n");
    for file in yaml_files(&rules)? {
        let name = file.strip_prefix(&rules).unwrap_or(&file).display().to_string();
        let text = std::fs::read_to_string(&file)?;
        writeln!(list, "({name:?}, {text:?}),").map_err(io::Error::other)?;
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo gives OUT_DIR"))?;
    std::fs::write(PathBuf::from(out).join("rules.rs"), list)
}

/// Every YAML file below the folder, in order.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
