use super::*;
use crate::vocabulary::Kind;
use expect_test::{Expect, expect};
use std::collections::BTreeMap;

const NAMES: &[(&str, Kind)] = &[
    ("opening", Kind::Opening),
    ("change", Kind::Change),
    ("observed", Kind::Observed),
    ("params", Kind::Params),
];

fn compile(text: &str) -> Result<Condition, Vec<Fault>> {
    let params = BTreeMap::from([
        ("cidrs".to_owned(), Kind::Cidrs),
        ("ports".to_owned(), Kind::Ints),
        ("teams".to_owned(), Kind::Texts),
        ("most".to_owned(), Kind::Int),
    ]);
    Condition::compile(text, &Words { names: NAMES, params: &params, each: true })
}

fn check(text: &str, expected: &Expect) {
    let said = match compile(text) {
        Ok(_) => "sound".to_owned(),
        Err(faults) => {
            faults.iter().map(|fault| format!("{}: {}", fault.at, fault.text)).collect::<Vec<_>>().join("\n")
        }
    };
    expected.assert_eq(&said);
}

#[test]
fn what_can_be_asked_is_sound() {
    for text in [
        "opening.ingress && opening.exposes('tcp', 22)",
        "params.ports.exists(p, opening.reaches('udp', p)) || opening.exposesAll()",
        "opening.within(params.cidrs + params.cidrs) || opening.outside(['10.0.0.0/8'])",
        "opening.exposes('tcp', params.ports + [22, 23])",
        "opening.exposes('tcp', params.ports + [22, 23])",
        "size(params.cidrs) > 0 && params.teams.size() == 2",
        "has(opening.cidr) && opening.cidr.startsWith('10.')",
        "change.request.items.exists(i, i.port == 22) || change.request.has('a.b')",
        "change.request.list('a.b').exists(i, i.says('port', 22) && i.says('to', ['a', 'b']))",
        "change.record.number('x', 3) < 4 && change.request.text('a').like(params.teams)",
        "change.request.json('policy').texts('x').like('a*') || observed.says('x', true)",
        "change.by(params.teams) || change.tagged(params.teams) || change.outside(params.cidrs)",
        "has(change.login) && change.login.succeeded && 'env' in change.tags",
        "change.actor.kind == 'root' ? change.read_only : params.most > 3",
        "'team' in observed.tags && observed.tags['team'] in params.teams",
        "change.openings.filter(o, o.ingress).map(o, o.source).size() > 0",
        "[1, 2].all(n, n < params.most)",
        "change.request.n == null || int(change.request.n) == 1",
    ] {
        assert!(compile(text).is_ok(), "{text}: {:?}", compile(text).unwrap_err());
    }
}

#[test]
fn what_can_not_be_asked_is_told_with_its_position() {
    check("opening.ingres", &expect!["7: an opening has no field `ingres`"]);
    check("opening.ingress &&\n  opening.reches('tcp', 22)", &expect!["35: unknown function `reches`"]);
    check(
        "opning.ingress",
        &expect!["0: unknown name `opning`: there are opening, change, observed, params"],
    );
    check("opening.ingress && (", &expect!["20: Syntax error: mismatched input '<EOF>'"]);
    check(
        "opening.reaches(22, 'tcp')",
        &expect!["15: `reaches` takes a text and a whole number, not a whole number and a text"],
    );
    check("opening.reaches('tcp')", &expect!["15: `reaches` takes a text and a whole number, not a text"]);
    check("opening.reaches('icmp', 22)", &expect!["16: `icmp` has no ports: `tcp` or `udp`"]);
    check("opening.exposes('tcp', [22, -1])", &expect!["29: `-1` is no port"]);
    check(
        "opening.exposes('tcp', params.teams)",
        &expect!["15: `exposes` takes a text and a whole number, not a text and a list of texts"],
    );
    check("opening.exposes('tcp', 70000)", &expect!["23: `70000` is no port"]);
    check(
        "opening.within(['10.0.0.1/8', 'x'])",
        &expect![[r#"
        16: `10.0.0.1/8` has host bits set: `10.0.0.0/8` is the network
        30: `x` is no network: `203.0.113.0/24` is how one is written"#]],
    );
    check("change.ingress.exists(o, o)", &expect!["6: a change has no field `ingress`"]);
    check("change.openings.exists(o, o.nope)", &expect!["27: an opening has no field `nope`"]);
    check("opening.within(params.missing)", &expect!["21: the rule does not declare the param `missing`"]);
    check(
        "opening.within(params.ports)",
        &expect!["14: `within` takes a list of networks, not a list of numbers"],
    );
    check(
        "params.ports.exists(p, opening.reaches(p, p))",
        &expect!["38: `reaches` takes a text and a whole number, not a whole number and a whole number"],
    );
}

#[test]
fn operators_are_asked_only_of_what_they_can_answer() {
    check("params.cidrs.exists(c, true)", &expect!["19: there are no items in a list of networks"]);
    check(
        "'10.0.0.0/8' in params.cidrs",
        &expect!["13: `in` can't be asked of a text and a list of networks"],
    );
    check("opening.protocol == 6", &expect!["17: `==` can't be asked of a text and a whole number"]);
    check("opening.protocol && true", &expect!["17: `&&` can't be asked of a text and a yes or no"]);
    check("!opening.source", &expect!["0: `!` can't be asked of a text"]);
    check("opening.source", &expect!["7: a condition answers yes or no, and this is a text"]);
    check("opening.ingress < 3", &expect!["16: `<` can't be asked of a yes or no and a whole number"]);
    check(
        "params.most + 'x' == 'y'",
        &expect![[r#"
        12: `+` can't be asked of a whole number and a text
        18: `==` can't be asked of a whole number and a text"#]],
    );
    check("opening.from_port == null", &expect!["18: `==` can't be asked of a whole number and null"]);
    check(
        "change.openings.exists(o, o == opening)",
        &expect!["28: `==` can't be asked of an opening and an opening"],
    );
    check(
        "opening in change.openings",
        &expect!["8: `in` can't be asked of an opening and a list of openings"],
    );
    check("change['name'] == 'x'", &expect!["6: `[]` can't be asked of a change and a text"]);
    check(
        "(opening.ingress ? 1 : 'a') == 1",
        &expect!["17: `?:` can't be asked of a yes or no and a whole number and a text"],
    );
    check("size(opening) > 0", &expect!["4: `size` takes a text, not an opening"]);
    check("now() > 3", &expect!["3: unknown function `now`"]);
    check("change.request.a.matches(3)", &expect!["24: `matches` takes a text, not a whole number"]);
    check(
        "1u == 1u",
        &expect![[r#"
        0: write a number without a letter, a text without a prefix
        6: write a number without a letter, a text without a prefix"#]],
    );
    check(
        "Opening{ingress: true} == opening",
        &expect![[r#"
        7: nothing can be made here, only asked
        23: `==` can't be asked of a value of the event and an opening"#]],
    );
}

#[test]
fn loops_inside_each_other_are_bounded() {
    check("params.ports.exists(a, params.ports.exists(b, a < b))", &expect![["sound"]]);
    check("change.openings.exists(a, params.ports.exists(b, a.reaches('tcp', b)))", &expect![["sound"]]);
    check(
        "change.openings.exists(a, change.openings.exists(b, a.source == b.source))",
        &expect!["48: more than 2 loops inside each other, `each` counted"],
    );
    check(
        "params.ports.exists(a, params.ports.exists(b, params.ports.exists(c, a + b == c)))",
        &expect!["65: more than 2 loops inside each other"],
    );
}

/// Tests run on a small stack and without optimisation: what fits here fits everywhere.
#[test]
fn what_could_exhaust_the_stack_is_refused_before_it_is_parsed() {
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    check(
        &nested(9),
        &expect!["8: more than 8 brackets inside each other: what needs more is a new field of the view"],
    );
    check(
        &nested(900),
        &expect!["8: more than 8 brackets inside each other: what needs more is a new field of the view"],
    );
    check(
        &"1 == 1 || ".repeat(300),
        &expect!["302: more than 60 signs: what needs more is a new field of the view"],
    );
    check(
        &format!("{}true", "!".repeat(61)),
        &expect!["60: more than 60 signs: what needs more is a new field of the view"],
    );
    check(
        &"true || ".repeat(300),
        &expect!["0: longer than 2000 characters: what needs more is a new field of the view"],
    );
    check(&format!("0{} == 0", "+0".repeat(32)), &expect!["0: more than 32 levels of what depends on what"]);
    check(&format!("{}true", "true ? true : ".repeat(29)), &expect!["sound"]);
    for deepest in [
        nested(8),
        format!("{}true", "!".repeat(60)),
        format!("0{} == 0", "+0".repeat(29)),
        format!("change.request{}", ".a".repeat(29)),
        format!("{}true", "false ? true : ".repeat(29)),
        format!("{}true", "true || ".repeat(240)),
    ] {
        assert!(compile(&deepest).is_ok_and(|deepest| deepest.ask(&scope()) != Answer::No), "{deepest}");
    }
}

#[test]
fn an_error_that_reaches_the_answer_is_unknown_and_one_that_is_absorbed_is_not() {
    let words = Words { names: &[], params: &BTreeMap::new(), each: false };
    let answer = |text: &str| Condition::compile(text, &words).unwrap().ask(&scope());
    let unknown = |reason: &str| Answer::Unknown(reason.to_owned());
    assert_eq!(answer("1 / 0 == 1"), unknown("division by zero"));
    assert_eq!(answer("1 / 0 == 1 || true"), Answer::Yes);
    assert_eq!(answer("1 / 0 == 1 && false"), Answer::No);
    assert_eq!(answer("[1, 0].exists(n, 1 / n == 1)"), Answer::Yes);
    assert_eq!(answer("int('<b>') == 1"), unknown("the condition can't be answered of this event"));
    assert_eq!(answer("'a'.matches('(<b>')"), unknown("the condition can't be answered of this event"));
    assert_eq!(answer("{'a': 1}['b'] == 1"), unknown("the event does not say `b`"));
    assert_eq!(answer("{'a': 1}['<b>'] == 1"), unknown("the event does not say what is asked for"));
}
