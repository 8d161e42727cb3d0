//! A policy's statement in one line: every word of it is as a stranger wrote it.

use crate::line::Line;
use model::{Listed, Principal, Requirement, Statement};

/// Of each list this much is named; the rest is counted.
const NAMED_MAX: usize = 4;

pub(crate) fn described(statement: &Statement) -> Line {
    let Statement { sid, position, effect, principals, actions, resources, conditions, .. } = statement;
    let mut line = Line::new(format!("statement {} ", position + 1));
    if let Some(sid) = sid {
        line = line.ours("(").given(sid).ours(") ");
    }
    line = line.ours(format!("{}s ", effect.word().to_lowercase()));
    line = match principals {
        Listed::Unsaid => line,
        principals => listed(line, principals, principal).ours(" to do "),
    };
    line = listed(line, actions, Line::given);
    if !resources.is_unsaid() {
        line = listed(line.ours(" on "), resources, Line::given);
    }
    if conditions.is_empty() {
        return line;
    }
    several(line.ours(", if "), conditions, " and ", requirement)
}

fn listed<T>(line: Line, list: &Listed<T>, word: impl Fn(Line, &T) -> Line) -> Line {
    let line = if matches!(list, Listed::AllBut(_)) { line.ours("all but ") } else { line };
    match list.written() {
        [] => line.ours("nothing"),
        written => several(line, written, ", ", word),
    }
}

fn several<T>(mut line: Line, items: &[T], between: &str, word: impl Fn(Line, &T) -> Line) -> Line {
    for (at, item) in items.iter().take(NAMED_MAX).enumerate() {
        line = if at == 0 { line } else { line.ours(between) };
        line = word(line, item);
    }
    match items.len().saturating_sub(NAMED_MAX) {
        0 => line,
        more => line.ours(" and ").id(&more).ours(" more"),
    }
}

fn principal(line: Line, principal: &Principal) -> Line {
    if principal.kind == principal.name || principal.kind.raw() == "AWS" {
        line.given(&principal.name)
    } else {
        line.given(&principal.kind).ours(" ").given(&principal.name)
    }
}

fn requirement(line: Line, requirement: &Requirement) -> Line {
    let line = line.given(&requirement.key).ours(" ").given(&requirement.operator).ours(" ");
    several(line, &requirement.values, ", ", Line::given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item_in_terminal;
    use crate::line::Word;
    use expect_test::expect;
    use model::Effect;

    fn statement() -> Statement {
        let hostile = "a\u{202e}<!channel>";
        Statement {
            id: "assets/Share".into(),
            sid: Some(hostile.into()),
            position: 1,
            effect: Effect::Allow,
            principals: Listed::These(vec![
                Principal { kind: "AWS".into(), name: "*".into() },
                Principal { kind: "Service".into(), name: hostile.into() },
            ]),
            actions: Listed::AllBut(vec!["s3:DeleteBucket".into()]),
            resources: Listed::These((0..6).map(|at| model::Untrusted::new(format!("arn:{at}"))).collect()),
            conditions: vec![Requirement {
                operator: "StringLike".into(),
                key: "aws:PrincipalArn".into(),
                values: vec![hostile.into()],
            }],
        }
    }

    #[test]
    fn one_line_says_who_what_on_what_and_under_which_conditions() {
        expect!["statement 2 (a<!channel>) allows *, Service a<!channel> to do all but s3:DeleteBucket on arn:0, arn:1, arn:2, arn:3 and 2 more, if aws:PrincipalArn StringLike a<!channel>"]
            .assert_eq(&item_in_terminal(&model::Item::Statement(statement())));
    }

    #[test]
    fn nothing_of_a_statement_is_taken_for_our_own_words() {
        for word in described(&statement()).words() {
            let (Word::Ours(text) | Word::Reported(text) | Word::Id(text)) = word else { continue };
            assert!(!text.contains(['*', ':', '<']), "{text}");
        }
    }
}
