//! A CEL expression that has been compiled and checked, and what it answers.

use crate::problem::Fault;
use crate::value::declare;
use crate::walk::{Uses, Words, walk};
use cel::common::types::CelBool;
use cel::parser::ParseErrors;
use cel::{Context, Env, ExecutionError, Program, Value};
use std::sync::{Arc, LazyLock};

/// Longer is no condition that anybody reads.
const CHARS_MAX: usize = 2_000;

/// The parser recurses: brackets inside each other, and signs that may follow each other in a chain.
const NESTING_MAX: usize = 8;
const SIGNS_MAX: usize = 60;

#[expect(
    clippy::expect_used,
    reason = "the declarations are constants: any test that asks a condition proves them"
)]
static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    declare(&mut env).expect("each function is declared once");
    Arc::new(env)
});

/// A scope without names.
pub(crate) fn scope<'v>() -> Context<'v, 'v> {
    Context::with_env(Arc::clone(&LANGUAGE))
}

/// A condition that may be asked.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
    pub(crate) uses: Uses,
}

/// What a condition says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    Unknown(String),
}

impl Condition {
    pub(crate) fn compile(text: &str, words: &Words<'_>) -> Result<Self, Vec<Fault>> {
        bounded(text).map_err(|fault| vec![fault])?;
        let program = LANGUAGE.compile(text).map_err(|ParseErrors { errors }| {
            errors
                .into_iter()
                .map(|error| Fault { at: offset(text, error.pos), text: one_line(&error.msg) })
                .collect::<Vec<_>>()
        })?;
        let (uses, faults) = walk(&program, words);
        if faults.is_empty() { Ok(Self { program, uses }) } else { Err(faults) }
    }

    pub(crate) fn ask(&self, scope: &Context<'_, '_>) -> Answer {
        match Value::resolve_val(self.program.expression(), scope) {
            Ok(value) => match value.downcast_ref::<CelBool>().map(|flag| *flag.inner()) {
                Some(true) => Answer::Yes,
                Some(false) => Answer::No,
                None => Answer::Unknown("the condition answered neither yes nor no".to_owned()),
            },
            Err(error) => Answer::Unknown(reason(&error)),
        }
    }
}

/// Of these, the messages are ours; those of CEL's own functions quote what they were given.
const OURS: &[&str] = &[
    "by",
    "days",
    "daysUntil",
    "exposes",
    "fields",
    "isForeign",
    "isWorld",
    "like",
    "openings",
    "outside",
    "reaches",
    "secrets",
    "statements",
    "tagged",
    "within",
];

/// Why a condition could not be answered, without a word of the event: an attacker writes those.
fn reason(error: &ExecutionError) -> String {
    let word = |text: &str| text.len() <= 60 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match error {
        ExecutionError::NoSuchKey(key) if word(key) => format!("the event does not say `{key}`"),
        ExecutionError::NoSuchKey(_) => "the event does not say what is asked for".to_owned(),
        ExecutionError::FunctionError { function, message } if OURS.contains(&function.as_str()) => {
            format!("{function}: {message}")
        }
        ExecutionError::NoSuchOverload(_)
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnsupportedIndex(..) => {
            "the event holds another kind of value than is asked for".to_owned()
        }
        ExecutionError::IndexOutOfBounds(_) => {
            "the list in the event is shorter than is asked for".to_owned()
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "division by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        _ => "the condition can't be answered of this event".to_owned(),
    }
}

/// Refuses what could exhaust the stack, before anything recursive sees it.
fn bounded(text: &str) -> Result<(), Fault> {
    let refused = |at, text: String| {
        Err(Fault { at, text: format!("{text}: what needs more is a new field of the view") })
    };
    let (mut nesting, mut signs, mut quote) = (0_usize, 0_usize, None);
    for (at, c) in text.chars().enumerate() {
        match (quote, c) {
            (Some(open), c) => quote = (open != c).then_some(open),
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => nesting += 1,
            (None, ')' | ']' | '}') => nesting = nesting.saturating_sub(1),
            (None, '.' | '!' | '?' | '-' | '+' | '*' | '/' | '%' | '<' | '>' | '=') => signs += 1,
            (None, _) => {}
        }
        if at >= CHARS_MAX {
            return refused(0, format!("longer than {CHARS_MAX} characters"));
        }
        if nesting > NESTING_MAX {
            return refused(at, format!("more than {NESTING_MAX} brackets inside each other"));
        }
        if signs > SIGNS_MAX {
            return refused(at, format!("more than {SIGNS_MAX} signs"));
        }
    }
    Ok(())
}

/// CEL counts lines and columns from 1.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let lines = usize::try_from(line - 1).unwrap_or(0);
    let before: usize = text.split_inclusive('\n').take(lines).map(|line| line.chars().count()).sum();
    before + usize::try_from(column - 1).unwrap_or(0)
}

/// Without the parser's list of all that could have stood there.
fn one_line(text: &str) -> String {
    let said = text.split_once(" expecting {").map_or(text, |(said, _)| said);
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
