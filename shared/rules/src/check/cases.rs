//! A rule's cases: each is asked, and together they have to prove the rule.

use super::patch::{apart, merge};
use super::{Checked, PlannedCase};
use crate::judge::{judge_alone, judge_sighting};
use crate::names::undated;
use crate::rule::Rule;
use crate::written::{self, Case, Cases};
use crate::yaml::{self, Place};
use crate::{Config, Problem, RuleFile};
use model::{Item, Observed, Opening, Source, Verdict};
use serde_json::Value;
use serde_saphyr::Spanned;
use trail::Change;

type Events<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A case with all that it names; of what only the sweep sees, without an event.
struct Told<'a> {
    written: &'a Case,
    place: Place,
    /// The event; null of what only the sweep sees.
    record: Value,
    change: Option<Change>,
    observed: Option<Observed>,
    state: Value,
}

/// What a case says comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    Violates,
    Quiet,
    Undecided,
}

pub(super) fn run(
    file: &RuleFile,
    written: &written::Rule,
    rule: &Rule,
    events: Events<'_>,
    checked: &mut Checked,
) {
    let Some(text) = &file.cases_yaml else {
        checked.problems.push(Problem::new(
            &file.rule_path(),
            Place::of(&written.id),
            "the rule has no `cases.yaml`",
        ));
        return;
    };
    let path = file.cases_path();
    let cases: Cases = match yaml::read(&path, text) {
        Ok(cases) => cases,
        Err(problem) => return checked.problems.push(problem),
    };
    let mut runner = Runner { path, rule, events, checked };
    let violating = runner.all(&cases.violates, Expected::Violates);
    let quiet = runner.all(&cases.quiet, Expected::Quiet);
    runner.all(&cases.undecided, Expected::Undecided);
    for (source, name) in written.events.names() {
        let proves = |told: &Told<'_>| {
            told.change.as_ref().is_some_and(|change| {
                change.event.source == *source && undated(&change.event.name) == undated(&name.value)
            })
        };
        if !violating.iter().any(proves) {
            let text = format!("no case shows that `{}` violates", name.value);
            runner.checked.problems.push(Problem::new(&file.rule_path(), Place::of(name), text));
        }
    }
    if written.events.names().next().is_none() && violating.is_empty() {
        runner.problem(Place::START, "no case violates");
    }
    let close = |quiet: &Told<'_>| violating.iter().any(|violating| one_field_apart(violating, quiet));
    if !quiet.iter().any(close) {
        let text = "no quiet case differs from a violating one in one field only";
        runner.problem(Place::START, text);
    }
}

struct Runner<'a> {
    path: String,
    rule: &'a Rule,
    events: Events<'a>,
    checked: &'a mut Checked,
}

impl Runner<'_> {
    fn problem(&mut self, place: Place, text: impl Into<String>) {
        self.checked.problems.push(Problem::new(&self.path, place, text));
    }

    /// The cases that could be read.
    fn all<'c>(&mut self, cases: &'c [Spanned<Case>], expected: Expected) -> Vec<Told<'c>> {
        cases.iter().filter_map(|case| self.one(case, expected)).collect()
    }

    fn one<'c>(&mut self, case: &'c Spanned<Case>, expected: Expected) -> Option<Told<'c>> {
        let place = case.value.event.as_ref().map_or_else(|| Place::of(case), Place::of);
        let case = &case.value;
        if expected != Expected::Violates && case.because.as_deref().is_none_or(|why| why.trim().is_empty()) {
            self.problem(place, "the case does not say `because`");
        }
        let told = self.told(case, place).map_err(|(place, text)| self.problem(place, text)).ok()?;
        let config = Config::with_params(&case.config);
        let setting = config.and_then(|config| self.rule.setting(&config).map_err(|text| (place, text)));
        let setting = setting.map_err(|(place, text)| self.problem(place, text)).ok()?;
        if let Some(name) =
            case.config.keys().find(|name| *name != "max_public_prefix" && !self.rule.declares(name))
        {
            self.problem(place, format!("the rule has no param `{name}`"));
        }
        let verdict = match (&told.change, &told.observed) {
            (Some(change), now) => judge_alone(self.rule, &setting, change, now.as_ref()),
            (None, Some(now)) => judge_sighting(self.rule, &setting, now),
            (None, None) => {
                self.problem(place, "the case has neither an `event` nor a `state`");
                return None;
            }
        };
        match (expected, verdict) {
            (Expected::Violates, Verdict::Violation(items)) => self.violated(&told, items),
            (Expected::Quiet, Verdict::Quiet) | (Expected::Undecided, Verdict::Undecided { .. }) => {}
            (expected, verdict) => {
                let said = match expected {
                    Expected::Violates => "violates",
                    Expected::Quiet => "is quiet",
                    Expected::Undecided => "is undecided",
                };
                self.problem(place, format!("the case says that it {said}, and it {}", shown(&verdict)));
            }
        }
        Some(told)
    }

    fn violated(&mut self, told: &Told<'_>, items: Vec<Item>) {
        let names: Vec<String> = items.iter().map(named).collect();
        if told.written.culprits.as_ref().is_some_and(|culprits| *culprits != names) {
            self.problem(told.place, format!("the culprits are {}", names.join(", ")));
        }
        let (Some(plan), Some(change)) = (&told.written.plan, &told.change) else { return };
        let problem = Problem::new(&self.path, Place::of(plan), "");
        self.checked.plans.push(PlannedCase {
            rule: self.rule.id.clone(),
            change: change.clone(),
            culprits: items,
            state: told.observed.clone(),
            plan: plan.value.clone(),
            problem,
        });
    }

    fn told<'c>(&mut self, case: &'c Case, place: Place) -> Result<Told<'c>, (Place, String)> {
        let mut state = case.state.as_ref().map(|state| self.state(state)).transpose()?.unwrap_or_default();
        let sighting = case.event.is_none();
        if let Some(patch) = case.but.as_ref().filter(|_| sighting) {
            merge(&mut state, patch);
        }
        let (record, change) = match &case.event {
            None => (Value::Null, None),
            Some(event) => {
                self.event(event, case.but.as_ref()).map(|(record, change)| (record, Some(change)))?
            }
        };
        let observed = (!state.is_null()).then(|| serde_json::from_value(state.clone())).transpose();
        let observed = observed.map_err(|error| {
            let place = case.state.as_ref().map_or(place, Place::of);
            (place, format!("no observed resource: {error}"))
        })?;
        Ok(Told { written: case, place, record, change, observed, state })
    }

    fn event(
        &mut self,
        event: &Spanned<String>,
        but: Option<&Value>,
    ) -> Result<(Value, Change), (Place, String)> {
        let at = |text: String| (Place::of(event), text);
        let mut record = self.json(&event.value).map_err(at)?;
        self.checked.events.insert(event.value.clone());
        // An EventBridge envelope carries the record.
        if record.get("detail-type").is_some()
            && let Some(detail) = record.get_mut("detail")
        {
            record = detail.take();
        }
        if let Some(patch) = but {
            merge(&mut record, patch);
        }
        let change = trail::parse_record(record.to_string().as_bytes());
        change.map(|change| (record, change)).map_err(|error| at(format!("{error}")))
    }

    fn state(&mut self, state: &Spanned<Value>) -> Result<Value, (Place, String)> {
        let Value::String(path) = &state.value else { return Ok(state.value.clone()) };
        self.checked.events.insert(path.clone());
        self.json(path).map_err(|text| (Place::of(state), text))
    }

    fn json(&self, path: &str) -> Result<Value, String> {
        let text = (self.events)(path).ok_or_else(|| format!("there is no `{path}` under `events/`"))?;
        serde_json::from_str(&text).map_err(|error| format!("`{path}` is not JSON: {error}"))
    }
}

/// An item's id, or what it permits where it has none; a statement's `Sid`, or its position.
fn named(item: &Item) -> String {
    let opening = match item {
        Item::Opening(opening) => opening,
        Item::Statement(statement) => return statement.name().raw().to_owned(),
        Item::Grant(grant) => return format!("{} to {}", grant.permission.raw(), grant.grantee.text()),
        Item::Share(share) => return share.with.text().to_owned(),
        Item::Store(store) => return store.name.raw().to_owned(),
    };
    let Opening { rule, traffic, source, .. } = opening;
    match (rule, source) {
        (Some(rule), _) => rule.to_string(),
        (None, Source::Net(network)) => format!("{traffic} from {network}"),
        (None, Source::PrefixList(list)) => format!("{traffic} from {list}"),
        (None, Source::Group { group, .. }) => format!("{traffic} from {}", group.raw()),
    }
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Quiet => "is quiet".to_owned(),
        Verdict::Violation(items) if items.is_empty() => "violates".to_owned(),
        Verdict::Violation(items) => {
            format!("violates by {}", items.iter().map(named).collect::<Vec<_>>().join(", "))
        }
        Verdict::Undecided { reason } => format!("is undecided: {reason}"),
    }
}

/// Two cases that differ in the event, in what is observed or in the params, and there in one field. A field that
/// the request names and the answer repeats is one.
fn one_field_apart(one: &Told<'_>, two: &Told<'_>) -> bool {
    let part = |told: &Told<'_>, name: &str| told.record.get(name).cloned().unwrap_or_default();
    let parts = ["requestParameters", "responseElements"];
    let of_parts = parts.map(|name| apart(&part(one, name), &part(two, name)));
    let elsewhere = apart(&one.record, &two.record).saturating_sub(of_parts.iter().sum());
    let event = elsewhere + of_parts.iter().copied().max().unwrap_or(0);
    let state = apart(&one.state, &two.state);
    let params = |told: &Told<'_>| -> Value {
        told.written.config.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect()
    };
    event + state + apart(&params(one), &params(two)) == 1
}
