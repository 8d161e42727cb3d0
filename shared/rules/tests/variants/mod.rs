//! Every violating case of every shipped rule again, with one thing changed that decides by itself.

use crate::patch::merge;
use crate::support::{event, rule_files};
use expect_test::expect_file;
use model::Verdict;
use rules::{Config, RuleBook, RuleFile};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use trail::Change;

#[derive(Deserialize)]
struct Case {
    event: Option<String>,
    but: Option<Value>,
    state: Option<Value>,
    #[serde(default)]
    config: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Cases {
    #[serde(default)]
    violates: Vec<Case>,
}

/// A violating record with the rule that it violates, under the params of its case.
struct Violating {
    book: RuleBook,
    record: Value,
}

impl Violating {
    fn all(file: &RuleFile) -> Vec<Self> {
        let cases: Cases = serde_saphyr::from_str(file.cases_yaml.as_deref().unwrap()).unwrap();
        // What only state decides is not decided by the event alone.
        let alone = cases.violates.into_iter().filter(|case| case.state.is_none());
        let with_event = alone.filter_map(|case| {
            let mut record: Value = serde_json::from_str(&event(case.event.as_deref()?).unwrap()).unwrap();
            if let Some(detail) = record.get_mut("detail") {
                record = detail.take();
            }
            merge(&mut record, case.but.as_ref().unwrap_or(&json!({})));
            let config = json!({"params": case.config}).to_string();
            let (book, _) = RuleBook::trust([file.clone()], &Config::read(&config).unwrap());
            Some(Self { book, record })
        });
        with_event.collect()
    }

    /// What the rule says of the record with this patch; nothing where it does not ask for it.
    fn but(&self, patch: &Value) -> Option<Verdict> {
        let mut record = self.record.clone();
        merge(&mut record, patch);
        let change: Change = trail::parse_record(record.to_string().as_bytes()).unwrap();
        self.book.judge_each(&change).into_iter().next().map(|judged| judged.verdict)
    }
}

fn rule(file: &RuleFile) -> (bool, bool) {
    let (book, _) = RuleBook::trust([file.clone()], &Config::default());
    let rule = book.rules().first().unwrap();
    (rule.failed, rule.reads)
}

#[test]
fn a_call_that_failed_was_a_dry_run_or_only_read_violates_no_rule_that_does_not_ask_for_such() {
    let mut asked = 0;
    for file in rule_files() {
        let (failed, reads) = rule(&file);
        for violating in Violating::all(&file) {
            asked += 1;
            let path = &file.path;
            assert!(matches!(violating.but(&json!({})), Some(Verdict::Violation(_))), "{path}");
            let dry = json!({"errorCode": "Client.DryRunOperation", "responseElements": null});
            assert!(violating.but(&dry).is_none(), "{path}: a dry run");
            if !failed {
                let refused = json!({"errorCode": "AccessDenied", "responseElements": null});
                assert!(violating.but(&refused).is_none(), "{path}: refused");
            }
            if !reads {
                assert!(violating.but(&json!({"readOnly": true})).is_none(), "{path}: only read");
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
}

/// What CloudTrail left out is never quiet: where no rule can tell, `cloudtrail-oversized-request` does.
#[test]
fn a_request_that_cloudtrail_left_out_is_shown_whatever_the_rule() {
    let (oversized, _) = RuleBook::trust(
        rule_files().into_iter().filter(|file| file.path.ends_with("/cloudtrail-oversized-request")),
        &Config::default(),
    );
    for file in rule_files().into_iter().filter(|file| !rule(file).0) {
        for violating in Violating::all(&file) {
            let mut record = violating.record.clone();
            record["requestParameters"] = json!({"omitted": true, "reason": "requestParameters too large"});
            record.as_object_mut().unwrap().remove("errorCode");
            record["readOnly"] = json!(false);
            let change = trail::parse_record(record.to_string().as_bytes()).unwrap();
            let shown = oversized.judge(&change).into_iter().any(|judged| judged.verdict != Verdict::Quiet);
            assert!(shown, "{}: {record}", file.path);
        }
    }
}

/// Whether a rule lets pass what an AWS service does on its own is its choice: here it is seen.
#[test]
fn what_each_rule_says_when_a_service_acts_on_its_own_is_as_in_the_table() {
    let mut table = String::new();
    for file in rule_files() {
        let cases = Violating::all(&file);
        let service = json!({"userIdentity": {"invokedBy": "autoscaling.amazonaws.com"}});
        let quiet =
            cases.iter().filter(|case| matches!(case.but(&service), None | Some(Verdict::Quiet))).count();
        let said = match (quiet, cases.len()) {
            (_, 0) => continue,
            (0, _) => "told",
            (quiet, all) if quiet == all => "quiet",
            _ => "quiet of some",
        };
        writeln!(table, "{}: {said}", file.path).unwrap();
    }
    expect_file!["../by_a_service.txt"].assert_eq(&table);
}
