use super::verify;
use crate::cloud;
use crate::findings::stage_tests::{World, opens};
use crate::office::Prefix;
use engine::{Attr, Key};
use expect_test::{Expect, expect};
use indicatif::ProgressBar;

fn check(world: &World, finding: Option<&str>, expected: &Expect) {
    let prefix: Option<Prefix> = finding.map(|text| text.parse().unwrap());
    let (ended, out) = world.writes(async |office, streams| {
        let done = verify(prefix.as_ref(), office, &ProgressBar::hidden(), streams).await;
        super::ended(done.map_err(|trouble| cloud::complain(trouble, streams))).unwrap()
    });
    expected.assert_eq(&format!("{out}exit {ended:?}\n"));
}

#[test]
fn what_was_altered_is_found_with_its_line_and_nothing_else_is_blamed() {
    let world = World::allowing("revert");
    let altered = world.happens(&opens(1, 22, &["0.0.0.0/0"])).finding.id;
    let whole = world.happens(&opens(2, 22, &["0.0.0.0/0"])).finding.id;
    check(
        &world,
        None,
        &expect![[r#"
        2 findings with 14 lines of history: every chain holds
        exit Fine
    "#]],
    );
    let key = Key::history(&altered, 3);
    let mut item = world.ledger.items()[&key].clone();
    item.insert("cause".to_owned(), Attr::S("nothing to see".to_owned()));
    world.ledger.put(key, item);
    check(
        &world,
        None,
        &expect![[r#"
        finding b6crza5qlo4b4yrxldz5ccoclx: line 3 was altered
        2 findings with 14 lines of history: 1 not as written
        exit Found
    "#]],
    );
    check(
        &world,
        Some(altered.as_str()),
        &expect![[r#"
        finding b6crza5qlo4b4yrxldz5ccoclx: line 3 was altered
        1 finding with 7 lines of history: 1 not as written
        exit Found
    "#]],
    );
    check(
        &world,
        Some(whole.as_str()),
        &expect![[r#"
        1 finding with 7 lines of history: every chain holds
        exit Fine
    "#]],
    );
}

#[test]
fn a_history_without_its_finding_is_a_fault_unless_it_ended_long_ago() {
    let world = World::allowing("revert");
    let record = world.happens(&opens(1, 22, &["0.0.0.0/0"]));
    world.ledger.remove(&Key::finding(&record.finding.id));
    check(
        &world,
        None,
        &expect![[r#"
        finding b6crza5qlo4b4yrxldz5ccoclx: the finding is missing, and was not there long enough to expire
        1 finding with 7 lines of history: 1 not as written
        exit Found
    "#]],
    );
    world.minutes_pass(60 * 24 * 401);
    check(
        &world,
        None,
        &expect![[r#"
        1 finding with 7 lines of history: every chain holds
        exit Fine
    "#]],
    );
}
