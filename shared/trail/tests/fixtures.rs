//! Every recorded event, as one table: who, what became of it, on what, and what it opened.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its fixtures must stop")]

use expect_test::expect_file;
use model::{Direction, Opening, Source, Statement};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use trail::{Change, parse_record, policy};

fn events() -> PathBuf {
    Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("../../events")
}

fn fixtures(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { fixtures(&path) } else { vec![path] })
        .collect();
    found.sort();
    found
}

fn shown(opening: &Opening) -> String {
    let Opening { rule, direction, traffic, source, description } = opening;
    let way = if *direction == Direction::Ingress { "from" } else { "to" };
    let source = match source {
        Source::Net(net) => net.to_string(),
        Source::PrefixList(list) => list.to_string(),
        Source::Group { group, account: None } => group.raw().to_owned(),
        Source::Group { group, account: Some(account) } => format!("{} of {account}", group.raw()),
    };
    let rule = rule.as_ref().map_or(String::new(), |rule| format!("{rule}: "));
    let description = description.as_ref().map_or(String::new(), |text| format!(" ({})", text.raw()));
    format!("{rule}{traffic} {way} {source}{description}")
}

fn decided(statement: &Statement, all: &[Statement], change: &Change) -> String {
    let is = [
        (policy::public(statement, all), ", public"),
        (policy::foreign(statement, all, &change.account, &[]), ", foreign"),
        (policy::confined(statement), ", confined"),
        (policy::closes_plain_http(statement), ", closes plain HTTP"),
    ];
    let is: String = is.iter().filter(|(is, _)| *is).map(|(_, word)| *word).collect();
    format!("statement {}: {}{is}", statement.name().raw().escape_debug(), statement.effect.word())
}

fn row(change: &Change) -> String {
    let Change { actor, kind, outcome, resource, .. } = change;
    let via = actor.invoked_by.as_ref().map_or(String::new(), |by| format!(" via {}", by.raw()));
    let source = actor.source_identity.as_ref().map_or(String::new(), |from| format!(" from {}", from.raw()));
    let mfa = actor.mfa.map_or("", |mfa| if mfa { " with mfa" } else { " without mfa" });
    let mut row = format!(
        "  {:?} {}{source}{via}{mfa}; {kind:?} {outcome:?}; {}:{}\n",
        actor.kind,
        actor.name.raw(),
        resource.service,
        resource.id.raw()
    );
    match change.openings() {
        Ok(openings) => openings.iter().for_each(|opening| writeln!(row, "    {}", shown(opening)).unwrap()),
        Err(error) => writeln!(row, "    undecided: {error}").unwrap(),
    }
    match change.statements() {
        Ok(statements) => {
            for one in statements {
                writeln!(row, "    {}", decided(one, statements, change)).unwrap();
            }
        }
        Err(error) => writeln!(row, "    undecided: {error}").unwrap(),
    }
    row
}

#[test]
fn fixtures_parse_to_the_table() {
    let mut table = String::new();
    for path in fixtures(&events()) {
        let name = path.strip_prefix(events()).unwrap().with_extension("");
        let change = parse_record(&std::fs::read(&path).unwrap());
        let row = change.as_ref().map_or_else(|error| format!("  refused: {error}\n"), row);
        write!(table, "{}\n{row}", name.display()).unwrap();
    }
    expect_file!["fixtures.txt"].assert_eq(&table);
}

#[test]
fn a_fixture_is_named_after_its_event_and_has_ids_of_its_own() {
    let mut seen = std::collections::BTreeSet::new();
    for path in fixtures(&events()) {
        let change = parse_record(&std::fs::read(&path).unwrap()).unwrap();
        let mut folders = path.parent().unwrap().iter().rev().map(|name| name.to_str().unwrap());
        assert_eq!(folders.next(), Some(change.event.name.as_str()), "{}", path.display());
        assert_eq!(folders.next(), Some(change.resource.service.as_str()), "{}", path.display());
        assert!(seen.insert(change.event.id.to_string()), "{}: an event id twice", path.display());
        assert_eq!(change.account.as_str(), "111122223333", "{}", path.display());
    }
}
