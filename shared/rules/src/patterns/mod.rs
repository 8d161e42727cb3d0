//! The rules' calls as EventBridge patterns: a call that a rule asks for passes one, any other passes none.
//!
//! What kinds of calls there are (done, failed, reads, our own) is told apart by fields that every pattern asks for,
//! and a name is in one pattern of a kind only: so they are disjoint. But for what rules over every call say with
//! wildcards or at several paths: to leave that out of every other pattern takes more than a pattern holds. What
//! passes two of them comes twice, and the second time it is a duplicate.

mod field;
mod template;

pub use template::{SpliceError, section, splice};

use crate::names::undated;
use crate::written::RuleKind;
use crate::{Only, Rule};
use field::{Asked, Fields, Selector};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use trail::{DETAIL_TYPES, envelope_source};

/// Of AWS, for the JSON text of one pattern.
pub const PATTERN_CHARS_MAX: usize = 2_048;
/// The acting role's ARN in a pattern, whatever the account, until the template puts it in.
pub const OWN_ROLE: &str = "*${ActingRole}";
/// `arn:aws-us-gov:iam::*:role/gardefou/` and a name as long as IAM allows.
const ROLE_CHARS_MAX: usize = 112;

/// Services that put the date of the API behind the names of their calls, of some and not of others.
const DATING: &[&str] = &["cloudfront.amazonaws.com", "lambda.amazonaws.com"];

/// Which calls a pattern lets pass. Our own pass as echoes only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Calls that changed something.
    Changes,
    /// Calls that were refused, for the rules that say `failed`.
    Failed,
    /// Calls that only read, for the rules that say `reads`.
    Reads,
    /// Calls that only read and were refused, for the rules that say both.
    FailedReads,
    /// What the reverters did, as proof.
    Echoes,
}

/// `eventSource` → `eventName` without its date → how the name goes on where it has a date: `20`.
type Calls = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// One pattern, within the length that AWS allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub purpose: Purpose,
    /// Among those of the same purpose, from 1.
    pub number: usize,
    /// None: whatever is called.
    calls: Calls,
    /// One of these.
    ways: Vec<Fields>,
}

/// What no pattern can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{what}` is too long for a pattern of {PATTERN_CHARS_MAX} characters")]
pub struct TooLong {
    /// A call, or the fields that a rule over every call asks for.
    pub what: String,
}

/// What the rules ask for, of one purpose.
#[derive(Debug, Default)]
struct Wanted {
    calls: Calls,
    /// Of the rules over every call.
    selectors: Vec<Selector>,
}

/// The patterns for these rules, and for the calls (event source, event name) that the reverters in use make.
pub fn patterns<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    echoes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Pattern>, TooLong> {
    let mut wanted: BTreeMap<Purpose, Wanted> = BTreeMap::new();
    for rule in rules.into_iter().filter(|rule| rule.kind != RuleKind::Sweep) {
        for purpose in purposes(rule) {
            let wanted = wanted.entry(purpose).or_default();
            for (source, names) in &rule.events {
                for name in names {
                    add(&mut wanted.calls, source, name);
                }
            }
            let only = rule.only.iter().map(Only::paths);
            let selectors =
                only.map(|paths| paths.map(|(path, values)| (path.to_owned(), values.to_vec())).collect());
            wanted.selectors.extend(selectors);
        }
    }
    for (source, name) in echoes {
        add(&mut wanted.entry(Purpose::Echoes).or_default().calls, source, name);
    }
    let mut patterns = Vec::new();
    for (purpose, wanted) in &wanted {
        let found = of_purpose(*purpose, wanted)?;
        patterns.extend((1..).zip(found).map(|(number, pattern)| Pattern { number, ..pattern }));
    }
    Ok(patterns)
}

fn purposes(rule: &Rule) -> impl Iterator<Item = Purpose> {
    let asks = [
        (Purpose::Changes, true),
        (Purpose::Failed, rule.failed),
        (Purpose::Reads, rule.reads),
        (Purpose::FailedReads, rule.failed && rule.reads),
    ];
    asks.into_iter().filter_map(|(purpose, asked)| asked.then_some(purpose))
}

fn add(calls: &mut Calls, source: &str, name: &str) {
    let stem = undated(name);
    let date = name.strip_prefix(stem).filter(|date| !date.is_empty());
    // Of a name that is written without one, these may still put a date behind it.
    let date = date.or_else(|| DATING.contains(&source).then_some("20"));
    let century = date.map(|date| date.chars().take(2).collect());
    let known = calls.entry(source.to_owned()).or_default().entry(stem.to_owned()).or_default();
    *known = known.take().or(century);
}

/// What the rules over every call ask for comes first; the patterns of named calls, and each of the others, leave
/// out what one before lets pass.
fn of_purpose(purpose: Purpose, wanted: &Wanted) -> Result<Vec<Pattern>, TooLong> {
    let pattern = |calls, ways| Pattern { purpose, number: 0, calls, ways };
    let mut patterns = Vec::new();
    let selectors: Vec<Selector> = wanted.selectors.iter().flat_map(field::in_parts).collect();
    for (at, selector) in selectors.iter().enumerate() {
        let before = selectors.iter().take(at).filter(|before| field::is_plain(before));
        let ways = fields(purpose).within(selector).map_or_else(Vec::new, |fields| fields.without(before));
        let over_every_call = pattern(Calls::new(), ways);
        if over_every_call.chars() > PATTERN_CHARS_MAX {
            return Err(TooLong { what: selector.keys().cloned().collect::<Vec<_>>().join(", ") });
        }
        patterns.extend(Some(over_every_call).filter(|pattern| !pattern.ways.is_empty()));
    }
    for (selectors, calls) in by_selectors(wanted) {
        let ways = fields(purpose).without(&selectors);
        packed(&calls, &pattern(Calls::new(), ways), &mut patterns)?;
    }
    Ok(patterns)
}

/// The calls by what of them passes already: the selectors that may concern them, without what a call's own name and
/// source decide. A call that passes as a whole is left out.
fn by_selectors(wanted: &Wanted) -> Vec<(Vec<Selector>, Calls)> {
    let mut groups: Vec<(Vec<Selector>, Calls)> = Vec::new();
    for (source, names) in &wanted.calls {
        for (stem, century) in names {
            let open = |selector: &Selector| {
                let mut open = selector.clone();
                let source = open.remove("eventSource").is_none_or(|of| of.contains(&json!(source)));
                let named = |value: &Value| value.as_str().is_some_and(|name| undated(name) == stem);
                let name = open.remove("eventName").is_none_or(|of| of.iter().any(named));
                (source && name).then_some(open)
            };
            let selectors: Vec<Selector> =
                wanted.selectors.iter().filter_map(open).filter(field::is_plain).collect();
            if selectors.iter().any(Selector::is_empty) {
                continue;
            }
            let at = groups.iter().position(|(others, _)| *others == selectors).unwrap_or(groups.len());
            if at == groups.len() {
                groups.push((selectors, Calls::new()));
            }
            if let Some((_, calls)) = groups.get_mut(at) {
                calls.entry(source.clone()).or_default().insert(stem.clone(), century.clone());
            }
        }
    }
    groups
}

/// In order, each pattern as full as it may be.
fn packed(calls: &Calls, empty: &Pattern, patterns: &mut Vec<Pattern>) -> Result<(), TooLong> {
    let mut open = empty.clone();
    for (source, names) in calls {
        for (stem, century) in names {
            let with = |mut pattern: Pattern| {
                pattern.calls.entry(source.clone()).or_default().insert(stem.clone(), century.clone());
                Some(pattern).filter(|pattern| pattern.chars() <= PATTERN_CHARS_MAX)
            };
            if let Some(more) = with(open.clone()) {
                open = more;
                continue;
            }
            let next = with(empty.clone()).ok_or_else(|| TooLong { what: format!("{source} {stem}") })?;
            patterns.push(std::mem::replace(&mut open, next));
        }
    }
    patterns.push(open);
    Ok(())
}

/// What tells the purposes apart.
fn fields(purpose: Purpose) -> Fields {
    let dry_run = || vec![json!("Client.DryRunOperation"), json!("DryRunOperation")];
    let own_role = vec![json!({"wildcard": OWN_ROLE})];
    let error = match purpose {
        Purpose::Failed | Purpose::FailedReads => Asked::Other(dry_run()),
        Purpose::Changes | Purpose::Reads | Purpose::Echoes => Asked::Absent,
    };
    let read_only = match purpose {
        Purpose::Reads | Purpose::FailedReads => Asked::OneOf(vec![json!(true)]),
        Purpose::Changes | Purpose::Failed | Purpose::Echoes => Asked::NoneOf(vec![json!(true)]),
    };
    let role = if purpose == Purpose::Echoes { Asked::OneOf(own_role) } else { Asked::NoneOf(own_role) };
    [("errorCode", error), ("readOnly", read_only), ("userIdentity.sessionContext.sessionIssuer.arn", role)]
        .into_iter()
        .try_fold(Fields::default(), |fields, (path, asked)| fields.with(path, asked))
        .unwrap_or_default()
}

impl Pattern {
    /// `changes-1`: what the rule is called behind the stack's name.
    pub fn name(&self) -> String {
        let kind = match self.purpose {
            Purpose::Changes => "changes",
            Purpose::Failed => "failed",
            Purpose::Reads => "reads",
            Purpose::FailedReads => "failed-reads",
            Purpose::Echoes => "echoes",
        };
        format!("{kind}-{}", self.number)
    }

    /// The pattern, with [`OWN_ROLE`] for the role that acts.
    pub fn json(&self) -> Value {
        let (mut detail, ways) = field::details(&self.ways);
        let sources = if self.calls.is_empty() {
            let of_services: Option<Vec<Vec<&str>>> =
                self.ways.iter().map(|way| way.literals("eventSource")).collect();
            match of_services
                .map(|all| all.into_iter().flatten().map(envelope_source).collect::<BTreeSet<_>>())
            {
                Some(sources) if !sources.is_empty() => json!(sources),
                _ => json!([{"prefix": "aws."}]),
            }
        } else {
            let mut of_sources: Vec<Value> =
                self.calls.iter().map(|(source, names)| asked(source, names)).collect();
            // AWS takes `$or` of two and more only.
            match (of_sources.len(), of_sources.pop()) {
                (1, Some(Value::Object(only))) => detail.extend(only),
                (_, last) => {
                    of_sources.extend(last);
                    detail.insert("$or".to_owned(), json!(of_sources));
                }
            }
            self.calls.keys().map(|source| envelope_source(source)).collect()
        };
        let mut pattern = json!({"source": sources, "detail-type": DETAIL_TYPES, "detail": detail});
        if let (Value::Object(pattern), false) = (&mut pattern, ways.is_empty()) {
            let ways: Vec<Value> = ways.into_iter().map(|way| json!({"detail": way})).collect();
            pattern.insert("$or".to_owned(), json!(ways));
        }
        pattern
    }

    /// How long it is with the longest ARN, a blank behind each comma and colon.
    pub fn chars(&self) -> usize {
        let json = self.json();
        let roles = json.to_string().matches(OWN_ROLE).count();
        chars(&json) + roles * ROLE_CHARS_MAX
    }
}

fn asked(source: &str, names: &BTreeMap<String, Option<String>>) -> Value {
    let names = names.iter().flat_map(|(stem, century)| {
        let dated = century.as_ref().map(|century| json!({"prefix": format!("{stem}{century}")}));
        [Some(json!(stem)), dated].into_iter().flatten()
    });
    json!({"eventSource": [source], "eventName": names.collect::<Vec<_>>()})
}

fn chars(value: &Value) -> usize {
    let (inner, count): (usize, usize) = match value {
        Value::Array(items) => (items.iter().map(chars).sum(), items.len()),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| chars(&json!(key)) + 2 + chars(value);
            (fields.iter().map(field).sum(), fields.len())
        }
        scalar => return scalar.to_string().chars().count(),
    };
    inner + 2 + 2 * count.saturating_sub(1)
}
