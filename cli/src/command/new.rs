//! `gardefou new`: a rule to begin with, complete enough that `gardefou check` has nothing to say of it.

use super::{Exit, check};
use crate::shown;
use crate::streams::{Streams, WriteError, chain};
use model::RuleId;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const RULE: &str = include_str!("../scaffold/rule.yaml");
const CASES: &str = include_str!("../scaffold/cases.yaml");
const EVENT: &str = include_str!("../scaffold/event.json");

/// Begin something new
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Rule(Rule),
}

/// A folder with a rule and its cases, and a record beside it, to be made one's own
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 done; 2 wrong usage, or the rule is there already")]
struct Rule {
    /// Named after the fault, in lower case: sns-topic-public
    #[arg(value_name = "NAME")]
    name: RuleId,
    /// The folder of rules that belong together
    #[arg(long, value_name = "PACK", default_value = "own", value_parser = pack)]
    pack: String,
    /// Where the packs are
    #[arg(long, value_name = "DIR", default_value = "rules")]
    rules: PathBuf,
}

#[derive(Debug, thiserror::Error)]
enum NewError {
    #[error("there is a `{0}` already")]
    There(String),
    #[error("could not write `{path}`")]
    Write {
        path: String,
        #[source]
        error: io::Error,
    },
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let What::Rule(rule) = &args.what;
    match scaffold(rule) {
        Ok(paths) => {
            paths.iter().try_for_each(|path| streams.say(shown::path(path)))?;
            streams.say(format_args!(
                "now make it yours, and: gardefou check --rules {}",
                shown::path(&rule.rules)
            ))?;
            Ok(Exit::Fine)
        }
        Err(error) => {
            streams.complain(chain(&error));
            Ok(Exit::Usage)
        }
    }
}

/// The files, in the order of their reading.
fn scaffold(Rule { name, pack, rules }: &Rule) -> Result<[PathBuf; 3], NewError> {
    let folder = rules.join(pack).join(name.as_str());
    if folder.exists() {
        return Err(NewError::There(shown::path(&folder)));
    }
    let written = |path: &Path, error| NewError::Write { path: shown::path(path), error };
    fs::create_dir_all(&folder).map_err(|error| written(&folder, error))?;
    let events = check::beside(rules).map_or_else(|| rules.join("../events"), |events| from_here(&events));
    let event = format!("ec2/AuthorizeSecurityGroupIngress/{name}.json");
    let port = port(name).to_string();
    let text = |of: &str| of.replace("NAME", name.as_str()).replace("PORT", &port).replace("EVENT", &event);
    let files = [
        (folder.join("rule.yaml"), text(RULE)),
        (folder.join("cases.yaml"), text(CASES)),
        (events.join(&event), text(EVENT)),
    ];
    for (path, text) in &files {
        put(path, text).map_err(|error| written(path, error))?;
    }
    Ok(files.map(|(path, _)| path))
}

/// As a person would name it.
fn from_here(path: &Path) -> PathBuf {
    let here = fs::canonicalize(".").ok();
    here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Above those that services listen on, and another for each name: two rules that nobody has touched yet do not ask
/// the same.
fn port(name: &RuleId) -> u16 {
    let sum = name.as_str().bytes().fold(7_u16, |sum, b| sum.wrapping_mul(31).wrapping_add(u16::from(b)));
    20_000 + sum % 40_000
}

fn pack(text: &str) -> Result<String, String> {
    let kebab = text.parse::<RuleId>().is_ok();
    if kebab { Ok(text.to_owned()) } else { Err("a pack is named in lower case: network".to_owned()) }
}
