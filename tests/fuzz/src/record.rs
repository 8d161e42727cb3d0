//! The CloudTrail record, and what the rules make of it.

use crate::{Target, plain, seeds};
use ::rules::{Config, RuleBook, RuleFile};
use model::{Item, Verdict};
use std::sync::LazyLock;
use trail::{Change, ParseError, parse_record};

pub const TARGET: Target = Target { name: "record", seeds: records, check };

/// Every event as a record: what is in an envelope is taken out.
fn records() -> Vec<Vec<u8>> {
    let bare = |text: String| match plain::read(text.as_bytes()) {
        Some(value) if value.get("detail").is_some() => plain::at(&value, "detail").to_string().into_bytes(),
        _ => text.into_bytes(),
    };
    seeds::events().into_iter().map(bare).collect()
}

/// Params with which the rules that need some are on.
const CONFIG: &str = "params: {operator_cidrs: [203.0.113.0/24], org_accounts: ['111122223333'], allowed_regions: \
                      [eu-west-3], deploy_principals: ['*deploy*'], prod_accounts: ['111122223333'], prod_tag: \
                      env=production, required_tags: [env], log_buckets: ['*logs*'], github_repos: [yourmedia/web]}";

fn book(files: impl IntoIterator<Item = RuleFile>) -> RuleBook {
    let (book, problems) = RuleBook::read(files, &Config::read(CONFIG).unwrap());
    assert_eq!(problems, []);
    book
}

fn shipped() -> impl Iterator<Item = RuleFile> {
    let file = |rule_yaml: String| RuleFile {
        path: format!("rules/{}", id_of(&rule_yaml)),
        rule_yaml,
        cases_yaml: None,
    };
    seeds::rules().into_iter().map(file)
}

static BOOK: LazyLock<RuleBook> = LazyLock::new(|| book(shipped()));

/// Each rule over every call by itself: in one book, one of them hides what another loses.
static OVER_EVERY_CALL: LazyLock<Vec<RuleBook>> = LazyLock::new(|| {
    let alone = shipped().filter(|file| file.rule_yaml.contains("\nevents: any\n"));
    let books: Vec<RuleBook> = alone.map(|file| book([file])).collect();
    assert!(books.len() > 3, "{} rules over every call", books.len());
    books
});

/// What a rule's text says it is called.
pub(crate) fn id_of(rule_yaml: &str) -> String {
    let id = rule_yaml.lines().find_map(|line| line.strip_prefix("id:")).unwrap_or_default();
    id.trim().to_owned()
}

fn check(bytes: &[u8]) -> bool {
    let read = parse_record(bytes);
    match &read {
        Ok(change) => {
            says_what_the_bytes_say(change, bytes);
            is_judged(change, bytes);
        }
        Err(ParseError::Syntax { path, reason }) => {
            assert_eq!(plain::read(bytes), None, "{path}: {reason}");
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control), "{error:?}"),
    }
    read.is_ok()
}

/// Nothing is lost or made up, and another way of writing it says the same.
fn says_what_the_bytes_say(change: &Change, bytes: &[u8]) {
    let Some(mut written) = plain::read(bytes) else { return };
    assert_eq!(&change.request, plain::at(&written, "requestParameters"));
    assert_eq!(&change.response, plain::at(&written, "responseElements"));
    if plain::is_stable(&written) {
        let again = serde_json::to_vec_pretty(&written).unwrap();
        assert_eq!(parse_record(&again).as_ref(), Ok(change));
    }
    for key in ["requestParameters", "responseElements"] {
        written.get_mut(key).map(serde_json::Value::take);
    }
    assert_eq!(change.rest(), &written);
}

/// The quick look loses no record that a rule asks for, and no culprit is made up.
fn is_judged(change: &Change, bytes: &[u8]) {
    let (source, name) = (&change.event.source, &change.event.name);
    for book in OVER_EVERY_CALL.iter().filter(|book| book.asks(change)) {
        let rule = book.rules().first().map(|rule| &rule.id);
        assert!(book.may_ask(source, name, bytes), "{rule:?} asks for {source} {name} and is not asked");
    }
    let items: Vec<Item> = change.items().collect();
    for judged in BOOK.judge(change) {
        if let Verdict::Violation(culprits) = &judged.verdict {
            assert!(culprits.iter().all(|culprit| items.contains(culprit)), "{}", judged.rule.id);
            let _ = judged.rule.message(change, culprits);
        }
    }
}
