//! The loader of rules: what is read whole is what is read in trust.

use crate::record::id_of;
use crate::{Target, seeds};
use ::rules::{Config, Problem, RuleBook, RuleFile};
use model::Verdict;
use std::sync::LazyLock;
use trail::{Change, parse_record};

pub const TARGET: Target = Target { name: "rules", seeds: texts, check };

fn texts() -> Vec<Vec<u8>> {
    seeds::rules().into_iter().map(String::into_bytes).collect()
}

/// Some changes of every kind.
static CHANGES: LazyLock<Vec<Change>> = LazyLock::new(|| {
    let changes = seeds::events().into_iter().filter_map(|text| parse_record(text.as_bytes()).ok());
    changes.step_by(25).collect()
});

fn check(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let file =
        RuleFile { path: format!("rules/{}", id_of(text)), rule_yaml: text.to_owned(), cases_yaml: None };
    let config = Config::default();
    let (whole, problems) = RuleBook::read([file.clone()], &config);
    let (trusted, doubts) = RuleBook::trust([file.clone()], &config);
    assert_eq!(whole.pack(), trusted.pack());
    are_places_in(text, &problems);
    assert_eq!(whole.rules().is_empty(), !problems.is_empty(), "{problems:?}");
    assert!(doubts.iter().all(|doubt| problems.contains(doubt)), "{doubts:?} is no part of {problems:?}");
    for change in CHANGES.iter() {
        let (sure, trusting) = (verdicts(&whole, change), verdicts(&trusted, change));
        if problems.is_empty() {
            assert_eq!(sure, trusting);
        }
    }
    if problems.is_empty() {
        assert_eq!(whole.notes(), trusted.notes());
        let checked = ::rules::check(&[file], &config, &|path| seeds::text(&format!("events/{path}")));
        are_places_in(text, &checked.problems);
    }
    problems.is_empty()
}

fn verdicts(book: &RuleBook, change: &Change) -> Vec<(String, Verdict)> {
    let judged = book.judge_each(change).into_iter();
    judged.map(|judged| (judged.rule.id.to_string(), judged.verdict)).collect()
}

/// A problem can be gone to.
pub(crate) fn are_places_in(text: &str, problems: &[Problem]) {
    let lines = u64::try_from(text.split(['\n', '\r']).count()).unwrap();
    for problem in problems.iter().filter(|problem| !problem.path.ends_with("cases.yaml")) {
        assert!((1..=lines + 1).contains(&problem.line) && problem.column > 0, "{problem}");
    }
}
