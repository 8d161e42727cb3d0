//! Texts that are made to exhaust who reads them: they are refused or read, within a bound of memory. Linux counts it
//! for a whole process, so everything is one test.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that reads what Linux says of it")]

use fuzz::TARGETS;
use rules::{Config, RuleBook, RuleFile};
use std::fmt::Write as _;
use trail::file::entries;
use trail::{ParseError, parse_envelope, parse_record};

const MIB: usize = 1 << 20;
/// What any text may cost, and what a large one may of its own size.
const LEAST: usize = 64 * MIB;
const TIMES_MAX: usize = 32;
const KEYS: usize = 1_000_000;
const DEEP: usize = 1_000_000;

/// The most memory that this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

fn keys(mut text: String, separator: &str) -> String {
    for key in 0..KEYS {
        write!(text, "{separator}\"k{key}\": {key}").unwrap();
    }
    text
}

/// Runs it and says by how many bytes the peak rose.
fn bounded(what: &str, size: usize, read: impl FnOnce()) {
    let before = peak();
    read();
    let more = peak().saturating_sub(before);
    println!("figure hostile_mib {} MiB, {what} of {} MiB", more / MIB, size / MIB);
    let most = LEAST.max(size * TIMES_MAX);
    assert!(more <= most, "{what}: {} MiB for a text of {} MiB", more / MIB, size / MIB);
}

#[test]
fn what_is_made_to_exhaust_its_reader_is_refused_or_read_in_bounded_memory() {
    // Small ones first: the peak never falls.
    for bomb in
        ["[", "{\"a\":", "{\"Records\":[", "[[{", "{\"detail\":{\"a\":[", "- ", "? ", "a: &a [*a, ", "!!x "]
    {
        let text = bomb.repeat(DEEP / 5 / bomb.len());
        for target in TARGETS {
            let accepted = |()| assert!(!(target.check)(text.as_bytes()), "{} took {bomb}", target.name);
            bounded(&format!("{} {bomb}", target.name), text.len(), || accepted(()));
        }
        assert!(parse_record(text.as_bytes()).is_err() && parse_envelope(text.as_bytes()).is_err());
    }
    let too_deep = |error| matches!(error, Some(ParseError::TooDeep { .. }));
    assert!(too_deep(parse_record("[".repeat(DEEP).as_bytes()).err()));

    let laughs: String = (1..40).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        format!("{text}a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}]\n", level - 1)
    });
    bounded("a billion laughs", laughs.len(), || {
        assert!(Config::read(&format!("params:\n  x: 1\n{laughs}")).is_err());
        assert!(Config::read(&format!("params: {{\n{}}}", laughs.replace('\n', ",\n"))).is_err());
    });

    let record = format!("{}}}", keys("{\"a\": 1".to_owned(), ","));
    bounded("a record of a million keys", record.len(), || {
        assert!(parse_record(record.as_bytes()).is_err());
        assert_eq!(entries(record.as_bytes()).count(), 1);
    });
    let yaml = keys("mode: observe\nparams:\n  a: [x]".to_owned(), "\n  ");
    bounded("a configuration of a million params", yaml.len(), || drop(Config::read(&yaml)));
    let rule_yaml = keys("id: a\nparams:\n  a: [x]".to_owned(), "\n  ");
    let file = RuleFile { path: "rules/a".to_owned(), rule_yaml, cases_yaml: None };
    bounded("a rule of a million params", file.rule_yaml.len(), || {
        let (book, problems) = RuleBook::read([file.clone()], &Config::default());
        assert!(book.rules().is_empty() && !problems.is_empty());
    });
}
