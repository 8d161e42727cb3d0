//! Some of the rules, read by themselves: chapters make a book, and each may be read on a core of its own.

use crate::later::Reading;
use crate::rule::{self, Rule};
use crate::yaml::Place;
use crate::{Config, Problem, RuleFile};
use model::RuleId;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// What was understood of some rule folders, and what was not.
#[derive(Debug, Default)]
pub struct Chapter {
    pub(crate) rules: Vec<Read>,
    pub(crate) problems: Vec<Problem>,
    /// Every rule that there is, sound or not.
    pub(crate) named: BTreeSet<RuleId>,
    pub(crate) texts: BTreeSet<(String, Vec<u8>)>,
}

/// A sound rule, with where its id is written.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) rule: Rule,
    pub(crate) path: String,
    pub(crate) place: Place,
}

impl Chapter {
    /// Keeps every rule that is sound and what is wrong with every one that is not.
    pub fn read(files: impl IntoIterator<Item = RuleFile>, config: &Config) -> Self {
        Self::reading(files, config, Reading::Whole)
    }

    pub(crate) fn reading(
        files: impl IntoIterator<Item = RuleFile>,
        config: &Config,
        reading: Reading,
    ) -> Self {
        let mut chapter = Self::default();
        for file in files {
            chapter.named.extend(file.folder().parse::<RuleId>());
            chapter.texts.insert((file.folder().to_owned(), Sha256::digest(&file.rule_yaml).to_vec()));
            let read = rule::written(&file).map_err(|problem| vec![problem]);
            match read.and_then(|written| Ok((Rule::read(&file, &written, config, reading)?, written))) {
                Ok((rule, written)) => {
                    let place = Place::of(&written.id);
                    chapter.rules.push(Read { rule, path: file.rule_path(), place });
                }
                Err(found) => chapter.problems.extend(found),
            }
        }
        chapter
    }
}
