//! The rules and the configuration that a command is to use.

use crate::shown;
use rules::{Chapter, Config, Problem, RuleBook, RuleFile};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

/// The rules of the repository that the command was built from: (path, text).
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));
/// Where the rules are when nobody says it.
const FOLDER: &str = "rules";
/// Folders below folders; deeper is a link that leads back.
const DEPTH_MAX: usize = 16;

#[derive(Debug, clap::Args)]
pub(crate) struct BookArgs {
    /// Folder of rules, may be given several times; else `rules/` here, else the rules built into this command
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
    /// What the accounts allow and what the rules need to know (gardefou.yaml)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The command can't begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BookError {
    #[error("could not read `{path}`")]
    Read {
        path: String,
        #[source]
        error: io::Error,
    },
    #[error("no rule in `{0}`: a rule is a folder with a `rule.yaml`")]
    NoRules(String),
    #[error(transparent)]
    Config(Problem),
}

/// Texts of rules, and where they came from.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) files: Vec<RuleFile>,
    pub(crate) config: Config,
    /// Where the rules are; none of those that are built in.
    pub(crate) folders: Vec<PathBuf>,
    /// Was a configuration named? If not, what rules ask for is shown, not what is granted.
    pub(crate) configured: bool,
}

pub(crate) fn find(args: &BookArgs) -> Result<Found, BookError> {
    let config = match &args.config {
        None => Config::default(),
        Some(path) => config(path)?,
    };
    let mut folders = args.rules.clone();
    if folders.is_empty() {
        folders.extend(Some(PathBuf::from(FOLDER)).filter(|folder| folder.is_dir()));
    }
    let mut files = if folders.is_empty() { built_in(BUILT_IN) } else { Vec::new() };
    // Users' own packs are named from where the configuration is.
    let home = args.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    folders.extend(config.packs.iter().map(|pack| home.join(pack)));
    for folder in &folders {
        files.extend(in_folder(folder)?);
    }
    Ok(Found { files, config, folders, configured: args.config.is_some() })
}

impl Found {
    /// The sound rules, and what is wrong with the others; read on as many cores as there are.
    pub(crate) fn read(self) -> (RuleBook, Vec<Problem>) {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let config = &self.config;
        let chapters: Vec<Chapter> = thread::scope(|scope| {
            let part = self.files.len().div_ceil(cores).max(1);
            let read = |files: &'_ [RuleFile]| Chapter::read(files.iter().cloned(), config);
            let running: Vec<_> =
                self.files.chunks(part).map(|files| scope.spawn(move || read(files))).collect();
            let read = running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
            read.collect()
        });
        RuleBook::bound(chapters, config)
    }
}

/// What is wrong with a rule keeps it out; what is wrong with the configuration is ignored. Both are said.
pub(crate) fn complaint(problem: &Problem) -> String {
    let said = shown::line(&problem.to_string());
    if problem.path.ends_with("rule.yaml") { format!("the rule is left out: {said}") } else { said }
}

pub(crate) fn config(path: &Path) -> Result<Config, BookError> {
    let problem = |problem: Problem| BookError::Config(Problem { path: shown::path(path), ..problem });
    let mut config = Config::read(&text(path)?).map_err(problem)?;
    config.path = shown::path(path);
    Ok(config)
}

fn in_folder(folder: &Path) -> Result<Vec<RuleFile>, BookError> {
    let mut files = Vec::new();
    walk(folder, 0, &mut files)?;
    if files.is_empty() {
        return Err(BookError::NoRules(shown::path(folder)));
    }
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<RuleFile>) -> Result<(), BookError> {
    let unread = |error| BookError::Read { path: shown::path(folder), error };
    let entries: io::Result<Vec<_>> = fs::read_dir(folder).map_err(unread)?.collect();
    let mut folders: Vec<PathBuf> = entries.map_err(unread)?.into_iter().map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let (rule, cases) = (folder.join("rule.yaml"), folder.join("cases.yaml"));
    if rule.is_file() {
        files.push(RuleFile {
            path: shown::path(folder),
            rule_yaml: text(&rule)?,
            cases_yaml: if cases.is_file() { Some(text(&cases)?) } else { None },
        });
    }
    if depth < DEPTH_MAX {
        folders.iter().try_for_each(|below| walk(below, depth + 1, files))?;
    }
    Ok(())
}

fn built_in(texts: &[(&str, &str)]) -> Vec<RuleFile> {
    let mut files: BTreeMap<&str, RuleFile> = BTreeMap::new();
    for (path, text) in texts {
        let Some((folder, name)) = path.rsplit_once(['/', '\\']) else { continue };
        let path = format!("{FOLDER}/{folder}");
        let empty = RuleFile { path, rule_yaml: String::new(), cases_yaml: None };
        let file = files.entry(folder).or_insert(empty);
        match name {
            "rule.yaml" => (*text).clone_into(&mut file.rule_yaml),
            "cases.yaml" => file.cases_yaml = Some((*text).to_owned()),
            _ => {}
        }
    }
    files.into_values().collect()
}

/// A file of text that a person named.
pub(crate) fn text(path: &Path) -> Result<String, BookError> {
    fs::read_to_string(path).map_err(|error| BookError::Read { path: shown::path(path), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_the_repository_are_built_in() {
        let rules = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../rules");
        let folder = in_folder(&rules).unwrap();
        let names = |files: &[RuleFile]| {
            files.iter().map(|file| file.path.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let built_in = built_in(BUILT_IN);
        assert_eq!(names(&built_in), names(&folder));
        assert!(built_in.iter().zip(&folder).all(|(one, two)| one.rule_yaml == two.rule_yaml));
    }
}
