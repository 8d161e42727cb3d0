//! A rule that can be asked.

use crate::asked::{self, Events, Only};
use crate::condition::{Answer, Condition};
use crate::counted::{self, Count};
use crate::later::{Later, Reading};
use crate::message::Message;
use crate::overrides::Override;
use crate::params::{Param, Params};
use crate::problem::Fault;
use crate::value::ParamsValue;
use crate::vocabulary::Kind;
use crate::walk::Words;
use crate::written::{self, Framework, RuleKind, View};
use crate::yaml::{self, Passage, Place};
use crate::{Config, Problem, RuleFile};
use cel::Context;
use model::{Item, Mode, ReverterName, RuleId, Severity, Untrusted};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use trail::Change;
use trail::exposure::Limits;

/// A rule that can be asked: it exists only if all of it is understood.
#[derive(Debug)]
pub struct Rule {
    pub id: RuleId,
    pub title: String,
    pub severity: Severity,
    /// What it asks for; the account's configuration may allow less.
    pub mode: Mode,
    /// Absent when there is nothing to take back.
    pub reverter: Option<ReverterName>,
    pub what: String,
    pub why: String,
    pub instead: String,
    pub misses: String,
    pub frameworks: BTreeMap<Framework, Vec<String>>,
    pub kind: RuleKind,
    /// Is there an observer for what it speaks of?
    pub observed: bool,
    /// Is it asked of failed calls, and of calls that only read?
    pub failed: bool,
    pub reads: bool,
    /// `eventSource` to `eventName`s; empty where `only` says which.
    pub events: BTreeMap<String, Vec<String>>,
    /// Of a rule over every call: which of them.
    pub only: Option<Only>,
    /// How many make a violation, where one does not.
    pub count: Option<Count>,
    /// The CloudFormation type of the resources that the sweep asks it of, where no view says it.
    pub sweeps: Option<String>,
    pub each: Option<View>,
    when: Later<Condition>,
    holds: Option<Later<Condition>>,
    message: Later<Message>,
    declared: Params,
    needs: Vec<String>,
    pub(crate) setting: Setting,
    /// Why the configuration wants it asked of nothing.
    disabled: Option<String>,
    /// What the configuration says otherwise than the rule, in words.
    pub(crate) changes: Vec<String>,
}

/// What a configuration makes of a rule's params.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) params: ParamsValue,
    pub(crate) limits: Limits,
    /// The param that is not configured, so that the rule is off.
    pub(crate) off: Option<String>,
}

impl Rule {
    /// What happened, in a sentence with words of the event.
    pub fn message(&self, change: &Change, culprits: &[Item]) -> Untrusted {
        let untold = || Untrusted::new(format!("{}: {}", self.title, change.resource.id.raw()));
        self.message.get().map_or_else(untold, |message| message.of(change, culprits))
    }

    /// The first condition.
    pub(crate) fn ask(&self, scope: &Context<'_, '_>) -> Answer {
        asked(&self.when, scope)
    }

    /// The second condition, of present state; `None` where there is none.
    pub(crate) fn ask_now(&self, scope: &Context<'_, '_>) -> Option<Answer> {
        self.holds.as_ref().map(|holds| asked(holds, scope))
    }

    /// Does the first condition speak of the change, and not of a view alone?
    pub(crate) fn speaks_of_change(&self) -> bool {
        self.when.get().is_some_and(|when| when.uses.change)
    }

    /// Does it ask a second condition, of the observed resource?
    pub fn has_holds(&self) -> bool {
        self.holds.is_some()
    }

    /// Why it is asked of nothing: somebody said so, or it needs a param that nobody configured.
    pub fn off(&self) -> Option<String> {
        let needs = || self.setting.off.as_ref().map(|param| format!("`{param}` is not configured"));
        self.disabled.clone().or_else(needs)
    }

    /// Is it over this call, whatever became of it?
    pub(crate) fn asks_for(&self, change: &Change) -> bool {
        match &self.only {
            Some(only) => only.lets(change),
            None => self
                .events
                .get(&change.event.source)
                .is_some_and(|names| asked::named(names, &change.event.name)),
        }
    }

    /// What a configuration may set, with what holds when it does not.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.declared.iter().map(|(name, param)| (name.as_str(), param))
    }

    /// Those of the params without which it is off.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(String::as_str)
    }

    pub(crate) fn uses_param(&self, name: &str) -> bool {
        let counts = |count: &Count| count.param.as_deref() == Some(name);
        self.count.as_ref().is_some_and(counts)
            || [Some(&self.when), self.holds.as_ref()]
                .into_iter()
                .flatten()
                .filter_map(Later::get)
                .any(|condition| condition.uses.params.contains(name))
    }

    pub(crate) fn declares(&self, name: &str) -> bool {
        self.declared.contains_key(name)
    }

    /// `Err` names the param that is configured as something else than the rule needs.
    pub(crate) fn setting(&self, config: &Config) -> Result<Setting, String> {
        setting(&self.declared, &self.needs, config)
    }

    pub(crate) fn read(
        file: &RuleFile,
        written: &written::Rule,
        config: &Config,
        reading: Reading,
    ) -> Result<Self, Vec<Problem>> {
        let mut reader =
            Reader { path: file.rule_path(), file: &file.rule_yaml, reading, problems: Vec::new() };
        let id = reader.id(&written.id, file.folder());
        let own = id.as_ref().and_then(|id| config.own(id));
        let config = &*config.of_rule(own);
        let reverter = reader.reverter(written);
        let declared = reader.params(written);
        let kinds = declared.iter().map(|(name, param)| (name.clone(), kind(param))).collect();
        let each = written.each.is_some();
        let (asked, held) =
            (names(written.each, written.kind != RuleKind::Sweep), names(written.each, false));
        let when = reader.condition(&written.when, &Words { names: &asked, params: &kinds, each });
        let holds = written
            .holds
            .as_ref()
            .map(|holds| reader.condition(holds, &Words { names: &held, params: &kinds, each }));
        let message = reader.message(&written.message, written.each);
        let needs: Vec<String> = written.needs.iter().map(|name| name.value.clone()).collect();
        let setting = setting(&declared, &needs, config)
            .map_err(|text| reader.fault(Place::of(&written.id), text))
            .ok();
        let only = reader.only(written);
        let count = written.count.as_ref().and_then(|count| reader.count(count, &declared, config));
        match (id, when, message, setting, holds.map_or(Some(None), |holds| holds.map(Some))) {
            (Some(id), Some(when), Some(message), Some(setting), Some(holds))
                if reader.problems.is_empty() =>
            {
                Ok(Self {
                    id,
                    title: written.title.value.clone(),
                    severity: own.and_then(|own| own.severity).unwrap_or(written.severity),
                    mode: own.and_then(|own| own.mode).unwrap_or(written.mode.value),
                    reverter,
                    what: written.what.clone(),
                    why: written.why.clone(),
                    instead: written.instead.clone(),
                    misses: written.misses.clone(),
                    frameworks: written.frameworks.clone(),
                    kind: written.kind,
                    observed: written.observed,
                    failed: written.failed,
                    reads: written.reads,
                    events: plain(&written.events),
                    only,
                    count,
                    sweeps: written.sweeps.as_ref().map(|kind| kind.value.clone()),
                    each: written.each,
                    when,
                    holds,
                    message,
                    declared,
                    needs,
                    setting,
                    disabled: own.and_then(Override::off).map(str::to_owned),
                    changes: own
                        .map(|own| own.changes(written.mode.value, written.severity))
                        .unwrap_or_default(),
                })
            }
            _ => Err(reader.problems),
        }
    }
}

fn asked(condition: &Later<Condition>, scope: &Context<'_, '_>) -> Answer {
    let unread = || Answer::Unknown("the rule's condition is not understood".to_owned());
    condition.get().map_or_else(unread, |condition| condition.ask(scope))
}

fn plain(events: &Events) -> BTreeMap<String, Vec<String>> {
    let mut plain: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (source, name) in events.names() {
        plain.entry(source.clone()).or_default().push(name.value.clone());
    }
    plain
}

/// What a condition may name. `holds` is asked where there is no change any more, and the sweep never has one.
fn names(each: Option<View>, change: bool) -> Vec<(&'static str, Kind)> {
    let item = each.map(|view| {
        let kind = match view {
            View::Openings => Kind::Opening,
            View::Statements => Kind::Statement,
            View::Grants => Kind::Grant,
            View::Shares => Kind::Share,
            View::Encryption => Kind::Store,
        };
        (view.item(), kind)
    });
    let around = if change { ("change", Kind::Change) } else { ("observed", Kind::Observed) };
    item.into_iter().chain([around, ("params", Kind::Params)]).collect()
}

fn kind(param: &Param) -> Kind {
    match param {
        Param::Cidrs(_) => Kind::Cidrs,
        Param::Ports(_) => Kind::Ints,
        Param::Texts(_) => Kind::Texts,
        Param::Text(_) => Kind::Text,
        Param::Number(_) => Kind::Int,
        Param::Flag(_) => Kind::Bool,
    }
}

fn setting(declared: &Params, needs: &[String], config: &Config) -> Result<Setting, String> {
    let mut params = Params::new();
    for (name, default) in declared {
        let configured = config.param(name).filter(|param| !param.is_empty());
        if configured.is_some_and(|param| !param.same_kind(default)) {
            return Err(format!("`{name}` is configured as another kind of value than the rule needs"));
        }
        params.insert(name.clone(), configured.unwrap_or(default).clone());
    }
    let off = needs.iter().find(|name| params.get(*name).is_none_or(Param::is_empty)).cloned();
    Ok(Setting { params: ParamsValue::new(&params), limits: config.limits(), off })
}

/// Reads the parts of a rule and collects what is wrong with them.
struct Reader<'a> {
    path: String,
    file: &'a str,
    reading: Reading,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn fault(&mut self, place: Place, text: impl Into<String>) {
        self.problems.push(Problem::new(&self.path, place, text));
    }

    fn faults(&mut self, text: &Spanned<String>, faults: Vec<Fault>) {
        for fault in faults {
            let place = Passage::new(self.file, text).place(fault.at);
            self.fault(place, fault.text);
        }
    }

    fn id(&mut self, written: &Spanned<String>, folder: &str) -> Option<RuleId> {
        if written.value != folder {
            self.fault(
                Place::of(written),
                format!("the folder is named `{folder}`, the rule `{}`", written.value),
            );
        }
        written.value.parse().map_err(|error| self.fault(Place::of(written), format!("{error}"))).ok()
    }

    fn reverter(&mut self, written: &written::Rule) -> Option<ReverterName> {
        let Some(name) = &written.revert else {
            if written.mode.value >= Mode::Approve {
                let text = format!("the rule asks for {} and names no `revert`", written.mode.value);
                self.fault(Place::of(&written.mode), text);
            }
            return None;
        };
        name.value.parse().map_err(|error| self.fault(Place::of(name), format!("{error}"))).ok()
    }

    fn only(&mut self, written: &written::Rule) -> Option<Only> {
        let place = written.only.as_ref().map_or(Place::of(&written.id), Place::of);
        let read = match (&written.events, &written.only) {
            (Events::Named(_), None) => Ok(None),
            (Events::Named(_), Some(_)) => Err("`only` narrows `events: any` and nothing else".to_owned()),
            (Events::Any, None) => Only::read(&BTreeMap::new()).map(Some),
            (Events::Any, Some(only)) => Only::read(&only.value).map(Some),
        };
        read.unwrap_or_else(|text| {
            self.fault(place, text);
            None
        })
    }

    fn count(&mut self, written: &counted::Written, declared: &Params, config: &Config) -> Option<Count> {
        let param =
            |name: &str| declared.get(name).map(|default| config.param(name).unwrap_or(default).clone());
        Count::read(written, param).map_err(|(place, text)| self.fault(place, text)).ok()
    }

    fn condition(&mut self, text: &Spanned<String>, words: &Words<'_>) -> Option<Later<Condition>> {
        if self.reading == Reading::Trusting {
            let (text, names, params) = (text.value.clone(), words.names.to_vec(), words.params.clone());
            let each = words.each;
            return Some(Later::when_asked(move || {
                Condition::compile(&text, &Words { names: &names, params: &params, each }).ok()
            }));
        }
        let read = Condition::compile(&text.value, words).map_err(|faults| self.faults(text, faults));
        read.ok().map(Later::now)
    }

    fn message(&mut self, text: &Spanned<String>, each: Option<View>) -> Option<Later<Message>> {
        if self.reading == Reading::Trusting {
            let text = text.value.clone();
            return Some(Later::when_asked(move || Message::read(&text, each).ok()));
        }
        let read = Message::read(&text.value, each).map_err(|faults| self.faults(text, faults));
        read.ok().map(Later::now)
    }

    /// The params with what they hold when nobody configures them.
    fn params(&mut self, written: &written::Rule) -> Params {
        let mut declared = Params::new();
        for (name, default) in &written.params {
            match Param::read(name, &default.value, Limits::default()) {
                Ok(param) => drop(declared.insert(name.clone(), param)),
                Err(text) => self.fault(Place::of(default), text),
            }
        }
        for name in &written.needs {
            if declared.insert(name.value.clone(), Param::empty(&name.value)).is_some() {
                let text = format!("`{}` has a default: it can't be needed too", name.value);
                self.fault(Place::of(name), text);
            }
        }
        declared
    }
}

pub(crate) fn written(file: &RuleFile) -> Result<written::Rule, Problem> {
    yaml::read(&file.rule_path(), &file.rule_yaml)
}
