use super::*;
use crate::{Config, RuleBook, RuleFile};
use model::{Direction, Opening, Source, Traffic};

const INGRESS: &str = "events: {ec2.amazonaws.com: [AuthorizeSecurityGroupIngress]}\neach: openings";

fn book(further: &str, when: &str) -> RuleBook {
    let rule_yaml = format!(
        "id: r\ntitle: t\nseverity: high\nmode: notify\nwhat: a\nwhy: b\ninstead: c\nmisses: d\nmessage: m\n{further}\n\
         when: >-\n  {when}\n"
    );
    let file = RuleFile { path: "rules/r".to_owned(), rule_yaml, cases_yaml: None };
    let (book, problems) = RuleBook::read([file], &Config::default());
    assert_eq!(problems, []);
    book
}

fn line(rule: &str, source: &str) -> Opening {
    Opening {
        rule: Some(rule.parse().unwrap()),
        direction: Direction::Ingress,
        traffic: Traffic::Tcp(model::Ports::new(22, 22).unwrap()),
        source: Source::Net(source.parse().unwrap()),
        description: None,
    }
}

/// The lines that a sweep finds fault with, in a group tagged with `tag` that holds one wide and one narrow line.
fn found(further: &str, when: &str, tag: &str) -> Vec<String> {
    let group = SecurityGroup {
        group: "sg-0123".parse().unwrap(),
        name: "web".into(),
        tags: [(tag.to_owned(), "yes".into())].into(),
        lines: vec![line("sgr-01", "0.0.0.0/0"), line("sgr-02", "198.51.100.0/24")],
        prefix_lists: std::collections::BTreeMap::new(),
        uses: None,
    };
    let book = book(further, when);
    let judged = book.judge_sighting(&Observed::SecurityGroup(group));
    let items = judged.into_iter().flat_map(|judged| match judged.verdict {
        Verdict::Violation(items) => items,
        other => panic!("{other:?}"),
    });
    items.map(|item| item.id().unwrap().to_owned()).collect()
}

#[test]
fn a_sweep_asks_of_present_lines_what_is_asked_of_opened_ones() {
    assert_eq!(found(INGRESS, "opening.exposes('tcp', 22)", "x"), ["sgr-01"]);
}

#[test]
fn both_conditions_count_where_both_speak_of_state() {
    let further = format!("{INGRESS}\nholds: \"'prod' in observed.tags\"");
    assert_eq!(found(&further, "opening.exposes('tcp', 22)", "prod"), ["sgr-01"]);
    assert_eq!(found(&further, "opening.exposes('tcp', 22)", "test"), Vec::<String>::new());
}

#[test]
fn of_a_rule_that_speaks_of_the_change_the_second_condition_alone_is_asked() {
    let when = "change.name == 'AuthorizeSecurityGroupIngress' && opening.exposes('tcp', 22)";
    let further = format!("{INGRESS}\nholds: opening.reaches('tcp', 22) && 'prod' in observed.tags");
    assert_eq!(found(&further, when, "prod"), ["sgr-01", "sgr-02"]);
    assert_eq!(found(INGRESS, when, "prod"), Vec::<String>::new(), "there is nothing to ask of state");
}

#[test]
fn rules_of_calls_alone_and_of_other_resources_are_not_asked_by_the_sweep() {
    let when = "opening.exposes('tcp', 22)";
    assert_eq!(found(&format!("{INGRESS}\nkind: change"), when, "x"), Vec::<String>::new());
    let acl = "events: {ec2.amazonaws.com: [CreateNetworkAclEntry]}\neach: openings";
    assert_eq!(found(acl, when, "x"), Vec::<String>::new());
}
