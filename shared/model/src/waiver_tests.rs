use super::*;
use crate::ActorKind;

const FROM: &str = "2026-11-01T00:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn waiver() -> Waiver {
    Waiver {
        id: "bastion-migration".parse().unwrap(),
        rule: Some("ec2-sg-ssh-open".parse().unwrap()),
        account: Some("111122223333".parse().unwrap()),
        resource: "sg-0aa*".to_owned(),
        actor: Some("arn:aws:iam::111122223333:role/ci-*".to_owned()),
        owner: "claire".to_owned(),
        reason: "moved to the bastion in January".to_owned(),
        from: time(FROM),
        until: time("2027-01-30T00:00:00Z"),
    }
}

fn resource(account: &str, id: &str) -> Resource {
    Resource {
        account: account.parse().unwrap(),
        region: "eu-west-3".parse().unwrap(),
        service: "ec2".parse().unwrap(),
        id: id.into(),
    }
}

fn actor(role: &str) -> Actor {
    Actor {
        kind: ActorKind::Role,
        name: "someone".into(),
        account: None,
        arn: None,
        role: Some(role.to_owned()),
        session: None,
        source_identity: None,
        invoked_by: None,
        user_agent: None,
        mfa: None,
    }
}

#[test]
fn a_waiver_covers_what_it_names_and_nothing_beside_it() {
    let covers = |rule: &str, account: &str, id: &str, role: &str, happened: &str, now: &str| {
        let rule = rule.parse().unwrap();
        waiver().lets(&rule, &resource(account, id), &actor(role), time(happened), time(now))
    };
    let ci = "arn:aws:iam::111122223333:role/ci-deploy";
    let (then, now) = ("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z");
    assert!(covers("ec2-sg-ssh-open", "111122223333", "sg-0aa1", ci, then, now));
    assert!(covers("ec2-sg-ssh-open", "111122223333", "sg-0aa1", ci, FROM, now));
    let other = "arn:aws:iam::111122223333:role/claire";
    for (rule, account, id, role, then, now) in [
        ("ec2-sg-rdp-open", "111122223333", "sg-0aa1", ci, then, now),
        ("ec2-sg-ssh-open", "999999999999", "sg-0aa1", ci, then, now),
        ("ec2-sg-ssh-open", "111122223333", "sg-0bb1", ci, then, now),
        ("ec2-sg-ssh-open", "111122223333", "sg-0aa1", other, then, now),
        ("ec2-sg-ssh-open", "111122223333", "sg-0aa1", ci, "2026-10-31T23:59:59Z", now),
        ("ec2-sg-ssh-open", "111122223333", "sg-0aa1", ci, then, "2027-01-30T00:00:00Z"),
    ] {
        assert!(!covers(rule, account, id, role, then, now), "{rule} {account} {id} {role} {then} {now}");
    }
}

#[test]
fn what_a_waiver_does_not_name_is_covered_whatever_it_is() {
    let broad = Waiver { account: None, actor: None, resource: "*".to_owned(), ..waiver() };
    let rule = "ec2-sg-ssh-open".parse().unwrap();
    let at = time("2026-11-02T00:00:00Z");
    assert!(broad.lets(&rule, &resource("999999999999", "sg-0ff"), &actor("x"), at, at));
}

#[test]
fn a_waiver_has_an_owner_a_reason_and_ninety_days_at_most() {
    assert_eq!(waiver().check(), Ok(()));
    let with = |change: fn(&mut Waiver)| {
        let mut waiver = waiver();
        change(&mut waiver);
        waiver.check().map_err(|error| error.to_string())
    };
    for (change, text) in [
        (
            (|w| w.until = time("2027-01-30T00:00:01Z")) as fn(&mut Waiver),
            "a waiver ends 90 days after it begins, at the latest",
        ),
        (|w| w.until = w.from, "a waiver ends after it begins"),
        (|w| w.owner = " ".to_owned(), "a waiver needs its owner"),
        (|w| w.reason = String::new(), "a waiver needs its reason"),
    ] {
        assert_eq!(with(change), Err(text.to_owned()));
    }
    let everything = with(|w| {
        w.rule = None;
        w.actor = None;
        w.resource = "**".to_owned();
    });
    assert!(everything.unwrap_err().contains("switch the guard off"));
    assert_eq!(with(|w| w.rule = None), Ok(()));
}
