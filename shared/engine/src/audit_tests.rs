use super::*;
use crate::ledger::Attr;
use crate::writes;
use jiff::Timestamp;
use model::{Actor, Cause, Disposition, Evidence, Finding, Gravity, Input, Life, Timing, Wait, next};

/// A finding that was found and waits: two lines.
fn waiting() -> (Item, Vec<(Key, Item)>) {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let finding = Finding {
        id: "aaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
        resource: model::Resource {
            account: "111122223333".parse().unwrap(),
            region: "eu-west-3".parse().unwrap(),
            service: "ec2".parse().unwrap(),
            id: "sg-0a".into(),
        },
        cause: Cause::Sighting { seen_at: now },
        actor: Actor::unknown(),
        violations: Vec::new(),
        undecided: Vec::new(),
        culprits: Vec::new(),
        neighbours: Vec::new(),
        pack: String::new(),
        opened_at: now,
    };
    let born = writes::born(finding, Life::born(now, Gravity::default()), "seen", now);
    let dispatched = Input::Dispatched(Disposition::Await(Wait::Approve));
    let life = next(&born.life, &dispatched, now, &Timing::default()).unwrap();
    let (moved, second) = writes::transition(&born, life, Evidence::default(), "dispatch", now);
    let first = writes::create(&born, &[], "seen", now);
    let lines = [&first[1], &second[1]].map(|write| match &write.edit {
        crate::Edit::Put(item) => (write.key.clone(), item.clone()),
        other => panic!("{other:?} writes no line"),
    });
    (moved.item(now), lines.to_vec())
}

fn faults(touch: impl FnOnce(&mut Item, &mut Vec<(Key, Item)>)) -> Vec<Fault> {
    let (mut finding, mut lines) = waiting();
    touch(&mut finding, &mut lines);
    audit(&finding, &lines)
}

#[test]
fn what_was_written_has_no_fault() {
    assert_eq!(faults(|_, _| {}), []);
}

#[test]
fn each_way_to_touch_it_is_said_by_its_name() {
    let text = |text: &str| Attr::S(text.to_owned());
    let put = |line: &mut (Key, Item), name: &str, value| drop(line.1.insert(name.to_owned(), value));
    assert_eq!(faults(|_, lines| put(&mut lines[0], "cause", text("nothing"))), [Fault::Altered(1)]);
    assert_eq!(faults(|_, lines| put(&mut lines[1], "to", text("WAIVED"))), [Fault::Altered(2), Fault::Head]);
    assert_eq!(
        faults(|_, lines| drop(lines.remove(0))),
        [Fault::Missing(1), Fault::Unchained(2)],
        "the first line is gone"
    );
    assert_eq!(faults(|_, lines| drop(lines.pop())), [Fault::Head], "the last line is gone");
    assert_eq!(faults(|_, lines| lines.clear()), [Fault::Missing(1)]);
    assert_eq!(
        faults(|_, lines| put(&mut lines[0], "at", text("now"))),
        [Fault::Line(1), Fault::Unchained(2)]
    );
    let other = |finding: &mut Item| match &finding["finding"] {
        Attr::S(known) => text(&known.replace("sg-0a", "sg-0b")),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        faults(|finding, _| {
            let other = other(finding);
            finding.insert("finding".to_owned(), other);
        }),
        [Fault::Content]
    );
    assert!(matches!(faults(|finding, _| drop(finding.remove("life"))).as_slice(), [Fault::Unreadable(_)]));
}
