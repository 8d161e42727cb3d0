use super::*;
use expect_test::{Expect, expect};

fn check(text: &str, each: Option<View>, expected: &Expect) {
    let said = match Message::read(text, each) {
        Ok(_) => "sound".to_owned(),
        Err(faults) => {
            faults.iter().map(|fault| format!("{}: {}", fault.at, fault.text)).collect::<Vec<_>>().join("\n")
        }
    };
    expected.assert_eq(&said);
}

#[test]
fn a_message_names_only_what_there_is() {
    check(
        "{{ change.resource }} by {{ change.actor.name }}: {{ opening.source }}",
        Some(View::Openings),
        &expect!["sound"],
    );
    check("{% if change.actor.kind == 'root' %}root{% endif %}", None, &expect!["sound"]);
    check(
        "é {{ change.resorce }} by {{ who }}",
        Some(View::Openings),
        &expect![[r#"
        5: a message has no `change.resorce`
        29: a message has no `who`"#]],
    );
    check("{{ opening.source }}", None, &expect!["3: a message has no `opening.source`"]);
    check("{{ opening.source }}", Some(View::Statements), &expect!["3: a message has no `opening.source`"]);
    check("{{ statement.name }}: {{ statement.actions }}", Some(View::Statements), &expect!["sound"]);
    check("{{ statement.name }}", Some(View::Openings), &expect!["3: a message has no `statement.name`"]);
    check(
        "{{ change.request.groupId }}",
        Some(View::Openings),
        &expect!["3: a message has no `change.request.groupId`"],
    );
    check(
        "{{ change.resource",
        Some(View::Openings),
        &expect!["0: unexpected end of input, expected end of variable block"],
    );
    check("{{ change.resource|upper }}", Some(View::Openings), &expect!["0: filter upper is unknown"]);
    check("{{ change.actor }}", Some(View::Openings), &expect!["3: a message has no `change.actor`"]);
}

#[test]
fn what_culprits_share_is_said_once_and_what_is_too_much_is_counted() {
    let joined = |texts: &[&str]| joined(texts.iter().map(|text| (*text).to_owned()));
    assert_eq!(joined(&[]), "");
    assert_eq!(joined(&["tcp 22", "tcp 22"]), "tcp 22");
    assert_eq!(joined(&["0.0.0.0/0", "::/0"]), "0.0.0.0/0, ::/0");
    assert_eq!(joined(&["a", "b", "c", "d", "e", "f", "a"]), "a, b, c, d and 2 more");
}

#[test]
fn a_text_of_the_event_is_cut_where_it_is_too_long() {
    assert_eq!(bounded("héé", 3), "héé");
    assert_eq!(bounded("hééé", 3), "hé…");
    assert_eq!(shortened(&"x".repeat(5_000)).chars().count(), TEXT_CHARS_MAX);
}
