//! A rule that can be asked.

use crate::condition::Condition;
use crate::message::Message;
use crate::params::{Param, Params};
use crate::problem::Fault;
use crate::value::ParamsValue;
use crate::vocabulary::Kind;
use crate::walk::Words;
use crate::written::{self, Framework, RuleKind, View};
use crate::yaml::{self, Passage, Place};
use crate::{Config, Problem, RuleFile};
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
    /// `eventSource` to `eventName`s.
    pub events: BTreeMap<String, Vec<String>>,
    pub each: Option<View>,
    pub(crate) when: Condition,
    pub(crate) holds: Option<Condition>,
    message: Message,
    declared: Params,
    needs: Vec<String>,
    pub(crate) setting: Setting,
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
        self.message.of(change, culprits)
    }

    /// Does it ask a second condition, of the observed resource?
    pub fn has_holds(&self) -> bool {
        self.holds.is_some()
    }

    /// The param that it needs and nobody configured: it is asked of nothing.
    pub fn off(&self) -> Option<&str> {
        self.setting.off.as_deref()
    }

    pub(crate) fn uses_param(&self, name: &str) -> bool {
        self.when.uses.params.contains(name)
            || self.holds.as_ref().is_some_and(|holds| holds.uses.params.contains(name))
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
    ) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { path: file.rule_path(), file: &file.rule_yaml, problems: Vec::new() };
        let id = reader.id(&written.id, file.folder());
        let reverter = written.revert.as_ref().map(|name| reader.reverter(name));
        if reverter.is_none() && written.mode.value >= Mode::Approve {
            let text = format!("the rule asks for {} and names no `revert`", written.mode.value);
            reader.fault(Place::of(&written.mode), text);
        }
        let declared = reader.params(written);
        let kinds = declared.iter().map(|(name, param)| (name.clone(), kind(param))).collect();
        let each = written.each.is_some();
        let when =
            reader.condition(&written.when, &Words { names: names(each, false), params: &kinds, each });
        let holds = written
            .holds
            .as_ref()
            .map(|holds| reader.condition(holds, &Words { names: names(each, true), params: &kinds, each }));
        let message = reader.message(&written.message, each);
        let needs: Vec<String> = written.needs.iter().map(|name| name.value.clone()).collect();
        let setting = setting(&declared, &needs, config)
            .map_err(|text| reader.fault(Place::of(&written.id), text))
            .ok();
        match (
            id,
            when,
            message,
            setting,
            holds.map_or(Some(None), |holds| holds.map(Some)),
            reverter.map_or(Some(None), |name| name.map(Some)),
        ) {
            (Some(id), Some(when), Some(message), Some(setting), Some(holds), Some(reverter))
                if reader.problems.is_empty() =>
            {
                Ok(Self {
                    id,
                    title: written.title.value.clone(),
                    severity: written.severity,
                    mode: written.mode.value,
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
                    each: written.each,
                    when,
                    holds,
                    message,
                    declared,
                    needs,
                    setting,
                })
            }
            _ => Err(reader.problems),
        }
    }
}

fn plain(events: &BTreeMap<String, Vec<Spanned<String>>>) -> BTreeMap<String, Vec<String>> {
    let names = |names: &[Spanned<String>]| names.iter().map(|name| name.value.clone()).collect();
    events.iter().map(|(source, of)| (source.clone(), names(of))).collect()
}

/// What a condition may name. `holds` is asked where there is no change any more.
fn names(each: bool, holds: bool) -> &'static [(&'static str, Kind)] {
    match (each, holds) {
        (true, false) => &[("opening", Kind::Opening), ("change", Kind::Change), ("params", Kind::Params)],
        (false, false) => &[("change", Kind::Change), ("params", Kind::Params)],
        (true, true) => &[("opening", Kind::Opening), ("observed", Kind::Observed), ("params", Kind::Params)],
        (false, true) => &[("observed", Kind::Observed), ("params", Kind::Params)],
    }
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

    fn reverter(&mut self, written: &Spanned<String>) -> Option<ReverterName> {
        written.value.parse().map_err(|error| self.fault(Place::of(written), format!("{error}"))).ok()
    }

    fn condition(&mut self, text: &Spanned<String>, words: &Words<'_>) -> Option<Condition> {
        Condition::compile(&text.value, words).map_err(|faults| self.faults(text, faults)).ok()
    }

    fn message(&mut self, text: &Spanned<String>, items: bool) -> Option<Message> {
        Message::read(&text.value, items).map_err(|faults| self.faults(text, faults)).ok()
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
