//! What would be taken back: from verdicts to a plan or a refusal, by the reverters that the functions use.

use crate::shown;
use model::{Culprit, GroupId, Item, Mode, Observed, Plan, Refusal, ReverterName, RuleId, SecurityGroup};
use model::{Untrusted, Verdict, granted};
use revert::Undo;
use rules::{Config, Judged};
use std::collections::BTreeMap;
use trail::Change;

/// What one reverter would do about one change.
#[derive(Debug)]
pub(crate) struct Inverse {
    pub(crate) reverter: ReverterName,
    /// The rules that ask for it.
    pub(crate) rules: Vec<RuleId>,
    /// What they ask for, as far as it is allowed: the strongest.
    pub(crate) mode: Mode,
    pub(crate) result: Result<Plan, Refusal>,
}

/// The modes that rules are granted; without a configuration, what they ask for.
pub(crate) fn mode(asked: Mode, config: Option<&Config>, change: &Change) -> Mode {
    config.map_or(asked, |config| granted(asked, config.allowed_for(change).mode))
}

/// One for each reverter that a violated rule names, as far as a plan is carried out at once or after approval.
pub(crate) fn inverses(
    change: &Change,
    judged: &[Judged<'_>],
    config: Option<&Config>,
    now: &Observed,
) -> Vec<Inverse> {
    let mut wanted: BTreeMap<&ReverterName, (Vec<RuleId>, Mode, Vec<Item>)> = BTreeMap::new();
    for Judged { rule, verdict } in judged {
        let mode = mode(rule.mode, config, change);
        if let (Verdict::Violation(items), Some(reverter), true) =
            (verdict, &rule.reverter, mode >= Mode::Approve)
        {
            let (rules, strongest, culprits) =
                wanted.entry(reverter).or_insert_with(|| (vec![], mode, vec![]));
            rules.push(rule.id.clone());
            *strongest = mode.max(*strongest);
            let new: Vec<Item> = items.iter().filter(|item| !culprits.contains(item)).cloned().collect();
            culprits.extend(new);
        }
    }
    let protected = config.is_some_and(|config| config.protects(&change.resource));
    let inverse =
        |(reverter, (rules, mode, culprits)): (&ReverterName, (Vec<RuleId>, Mode, Vec<Item>))| Inverse {
            result: if protected {
                Err(Refusal::Protected { mark: Untrusted::new("gardefou.yaml") })
            } else {
                plan(reverter, change, culprits, now)
            },
            reverter: reverter.clone(),
            rules,
            mode,
        };
    wanted.into_iter().map(inverse).collect()
}

/// The plan that the reverter makes for these culprits of the change.
pub(crate) fn plan(
    reverter: &ReverterName,
    change: &Change,
    culprits: Vec<Item>,
    now: &Observed,
) -> Result<Plan, Refusal> {
    let Some(reverter) = revert::reverter(reverter) else {
        let why = format!("there is no reverter `{reverter}`");
        return Err(Refusal::Imprecise { why, by_hand: String::new() });
    };
    let culprits: Vec<Culprit> = culprits.into_iter().map(|item| Culprit { item, prior: None }).collect();
    let undo =
        Undo { culprits: &culprits, event_name: Some(&change.event.name), event_time: change.event.time };
    reverter.plan(&undo, now)
}

/// The resource as it is if all that the event added stands, and nothing else is there.
pub(crate) fn assumed(change: &Change) -> Observed {
    let group: Result<GroupId, _> = change.resource.id.raw().parse();
    match (group, change.openings()) {
        (Ok(group), Ok(openings)) => Observed::SecurityGroup(SecurityGroup {
            group,
            name: Untrusted::default(),
            tags: BTreeMap::new(),
            lines: openings.to_vec(),
            prefix_lists: BTreeMap::new(),
            uses: None,
        }),
        _ => Observed::Gone,
    }
}

/// In one line, as cases write it: a plan's steps, or what kind of refusal it is.
pub(crate) fn in_short(result: &Result<Plan, Refusal>) -> String {
    match result {
        Ok(plan) => plan.to_string(),
        Err(Refusal::Protected { .. }) => "protected".to_owned(),
        Err(Refusal::AlreadyUndone) => "already undone".to_owned(),
        Err(Refusal::Imprecise { .. }) => "imprecise".to_owned(),
        Err(Refusal::NotAddressable { .. }) => "not addressable".to_owned(),
    }
}

/// In full, a line each.
pub(crate) fn in_full(result: &Result<Plan, Refusal>) -> Vec<String> {
    let by_hand =
        |text: &str| text.split("; ").map(|command| format!("by hand: {command}")).collect::<Vec<_>>();
    match result {
        Ok(plan) => {
            let takes_back = plan.takes_back.iter().map(|item| format!("takes back {}", shown::item(item)));
            plan.steps.iter().map(ToString::to_string).chain(takes_back).collect()
        }
        Err(Refusal::Protected { mark }) => {
            vec![format!("nothing: protected by {}", render::sink::terminal(mark))]
        }
        Err(Refusal::AlreadyUndone) => vec!["nothing: what the change added stands no more".to_owned()],
        Err(Refusal::Imprecise { why, by_hand: hand }) => {
            let mut lines = vec![format!("nothing: the inverse is not known exactly: {}", shown::line(why))];
            lines.extend(by_hand(hand));
            lines
        }
        Err(Refusal::NotAddressable { by_hand: hand }) => {
            let mut lines = vec!["nothing: AWS did not name what was added".to_owned()];
            lines.extend(by_hand(hand));
            lines
        }
    }
}
