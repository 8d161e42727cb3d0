//! `gardefou docs`: the documents that are generated from the rules.

use super::Exit;
use crate::book::{self, BookArgs, BookError};
use crate::pages::{self, MARK, Page, Recommendations};
use crate::shown;
use crate::streams::{Streams, WriteError, chain};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const RECOMMENDATIONS: &str = "recommendations.yaml";

/// Write the documents that are generated from the rules: a page for each, an index, and what is covered
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 done, or nothing is stale; 1 something is stale; 2 wrong usage; \
                        3 a rule could not be read, nothing was written")]
pub(super) struct Args {
    #[command(flatten)]
    book: BookArgs,
    /// Folder of the documents; what is covered is written if there is a `recommendations.yaml` in it
    #[arg(long, value_name = "DIR", default_value = "docs")]
    docs: PathBuf,
    /// Write nothing, and name what is stale
    #[arg(long)]
    check: bool,
}

#[derive(Debug, thiserror::Error)]
enum DocsError {
    #[error(transparent)]
    Read(#[from] BookError),
    #[error("`{path}` does not say what was recommended")]
    Recommendations {
        path: String,
        #[source]
        error: Box<serde_saphyr::Error>,
    },
    #[error("could not list `{path}`")]
    List {
        path: String,
        #[source]
        error: io::Error,
    },
    #[error("could not write `{path}`")]
    Write {
        path: String,
        #[source]
        error: io::Error,
    },
}

/// What is to be done to a file so that the documents are up to date.
struct Stale {
    path: PathBuf,
    what: &'static str,
    /// Absent: nothing makes this page any more.
    text: Option<String>,
}

pub(super) fn run(args: &Args, streams: &mut Streams) -> Result<Exit, WriteError> {
    let found = match book::find(&args.book) {
        Ok(found) => found,
        Err(error) => {
            streams.complain(chain(&error));
            return Ok(Exit::Usage);
        }
    };
    let files = found.files.clone();
    let (book, problems) = found.read();
    for problem in &problems {
        streams.complain(shown::line(&problem.to_string()));
    }
    if !problems.is_empty() {
        streams.complain("these rules would be left out: nothing is written");
        return Ok(Exit::Unread);
    }
    let stale = recommendations(&args.docs)
        .and_then(|recommendations| stale(&args.docs, pages::pages(&book, &files, recommendations.as_ref())));
    let done = match stale {
        Ok(stale) if args.check => return report(&stale, streams),
        Ok(stale) => stale.iter().try_for_each(put_right),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(Exit::Fine),
        Err(error) => {
            streams.complain(chain(&error));
            Ok(Exit::Usage)
        }
    }
}

fn report(stale: &[Stale], streams: &mut Streams) -> Result<Exit, WriteError> {
    for one in stale {
        streams.say(format_args!("{}: {}", shown::path(&one.path), one.what))?;
    }
    Ok(if stale.is_empty() { Exit::Fine } else { Exit::Found })
}

fn recommendations(docs: &Path) -> Result<Option<Recommendations>, DocsError> {
    let path = docs.join(RECOMMENDATIONS);
    if !path.is_file() {
        return Ok(None);
    }
    let said = serde_saphyr::from_str(&book::text(&path)?);
    said.map(Some)
        .map_err(|error| DocsError::Recommendations { path: shown::path(&path), error: Box::new(error) })
}

/// Pages that are not as they should be, and those that nothing makes any more.
fn stale(docs: &Path, pages: Vec<Page>) -> Result<Vec<Stale>, DocsError> {
    let mut stale: Vec<Stale> = written(&docs.join("rules"))?
        .into_iter()
        .filter(|path| !pages.iter().any(|page| docs.join(&page.path) == *path))
        .map(|path| Stale { path, what: "of no rule", text: None })
        .collect();
    for Page { path, text } in pages {
        let path = docs.join(path);
        let what = if path.is_file() { "stale" } else { "missing" };
        if !path.is_file() || book::text(&path)? != text {
            stale.push(Stale { path, what, text: Some(text) });
        }
    }
    stale.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(stale)
}

/// The pages in a folder that a run of this command wrote.
fn written(folder: &Path) -> Result<Vec<PathBuf>, DocsError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unlisted = |error| DocsError::List { path: shown::path(folder), error };
    let entries: io::Result<Vec<_>> = fs::read_dir(folder).map_err(unlisted)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(unlisted)?.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|extension| extension == "md")
            && fs::read_to_string(path).is_ok_and(|text| text.starts_with(MARK))
    });
    Ok(paths)
}

fn put_right(stale: &Stale) -> Result<(), DocsError> {
    let put = match (&stale.text, stale.path.parent()) {
        (None, _) => fs::remove_file(&stale.path),
        (Some(text), Some(folder)) => fs::create_dir_all(folder).and_then(|()| fs::write(&stale.path, text)),
        (Some(text), None) => fs::write(&stale.path, text),
    };
    put.map_err(|error| DocsError::Write { path: shown::path(&stale.path), error })
}
