//! What was done about a finding, in words, and what that asks of a person.

use crate::Story;
use crate::line::Line;
use model::{Item, Life, Manual, Refusal, Resolution, State, Wait, Work};

pub(crate) struct Outcome {
    /// Two or three words, for a subject.
    pub(crate) short: &'static str,
    pub(crate) said: Line,
    pub(crate) todo: Vec<Line>,
}

/// A state as it is when it is told, which may be later than the one that rang.
pub(crate) fn outcome(story: &Story<'_>) -> Outcome {
    let life = story.life;
    let (short, said) = match life.state {
        State::Awaiting(wait) => return awaiting(story, wait),
        State::Manual(manual) => return by_hand(story, manual),
        State::Open => ("recorded", "It is recorded; what to do about it is not decided yet."),
        State::Queued(Work::Restore | Work::Undo) => ("being put back", "It is being put back."),
        State::Reverting(_) if matches!(life.work, Work::Restore | Work::Undo) => {
            ("being put back", "It is being put back.")
        }
        State::Verifying { .. } if matches!(life.work, Work::Restore | Work::Undo) => {
            ("put back", "It was put back and is being verified.")
        }
        State::Queued(Work::Confirm) => ("being checked", "It is being checked against the present state."),
        State::Reverting(_) if life.work == Work::Confirm => {
            ("being checked", "It is being checked against the present state.")
        }
        State::Queued(Work::Revert) | State::Reverting(_) if life.stands > 0 => (
            "being taken back",
            "It was seen again after it was taken back; it is being taken back once more.",
        ),
        State::Queued(Work::Revert) | State::Reverting(_) => ("being taken back", "It is being taken back."),
        State::Verifying { .. } if life.acted => ("taken back", "It was taken back and is being verified."),
        State::Verifying { .. } => {
            ("gone already", "It is gone already, and not by gardefou; this is being verified.")
        }
        State::Reverted => ("taken back", "It was taken back and this is verified."),
        State::Resolved(Resolution::Compliant) if life.acted => ("resolved", "It does not stand any more."),
        State::Resolved(Resolution::Compliant) => {
            ("resolved", "It does not stand any more; gardefou did not take it back.")
        }
        State::Resolved(Resolution::Closed) => ("closed", "A person closed it."),
        State::Resolved(Resolution::Told) => ("closed", "People were told; there was nothing to take back."),
        State::Observed { .. } => ("recorded", "Nothing was done: no more than recording is granted here."),
        State::Waived => return waived(story),
        State::Acked => ("taken over", "A person has taken it over."),
    };
    Outcome { short, said: Line::new(said), todo: Vec::new() }
}

/// The items that really went, as far as AWS said it or verification relies on it.
pub(crate) fn taken_back<'a>(story: &Story<'a>) -> Vec<&'a Item> {
    let (life, evidence) = (story.life, story.evidence);
    let known = match life.state {
        State::Queued(_) | State::Reverting(_) | State::Manual(Manual::Stands) => false,
        // What was seen again after it went is not called gone before a verification says so.
        State::Awaiting(wait) if wait != Wait::Approve => life.acted && life.stands == 0,
        State::Manual(manual) if manual != Manual::Collateral => life.acted && life.stands == 0,
        _ => life.acted,
    };
    let planned = evidence.plan.iter().filter(|_| known).flat_map(|plan| &plan.takes_back);
    let all = evidence.removed.is_empty() && matches!(life.state, State::Verifying { .. } | State::Reverted);
    let named =
        |item: &&Item| item.id().is_some_and(|id| evidence.removed.iter().any(|removed| removed == id));
    planned.filter(|item| all || named(item)).collect()
}

fn waived(story: &Story<'_>) -> Outcome {
    let said = match story.life.until {
        Some(until) => Line::new("A waiver lets it stand until ").id(&until).ours("."),
        None => Line::new("A waiver lets it stand."),
    };
    let ends = "When the waiver ends it is judged again: take it back before, or have the waiver renewed.";
    Outcome { short: "waived", said, todo: vec![Line::new(ends)] }
}

/// One message for all that waits: nobody reads a thousand.
fn digest(story: &Story<'_>) -> Outcome {
    let account = &story.finding.resource.account;
    let said = "More was to be taken back than the circuit breaker lets through. This finding and those that follow \
                are recorded and wait for approval; no more messages come about them.";
    let list = format!("See them all: gardefou findings list --account {account} --state awaiting");
    Outcome { short: "needs approval", said: Line::new(said), todo: vec![Line::new(list)] }
}

fn awaiting(story: &Story<'_>, wait: Wait) -> Outcome {
    if story.digest {
        return digest(story);
    }
    let why = match wait {
        Wait::Approve => "the rule or this account asks for one",
        _ => story.life.state.reason().unwrap_or_default(),
    };
    let said = if taken_back(story).is_empty() {
        format!("It waits for approval because {why}.")
    } else {
        format!("A part was taken back. The rest waits for approval because {why}.")
    };
    let todo = match wait {
        Wait::Kill => "Lift the kill switch and approve it, or take it back by hand.",
        _ => "Approve it, or take it back by hand. It stands until then.",
    };
    Outcome { short: "needs approval", said: Line::new(said), todo: vec![Line::new(todo)] }
}

fn by_hand(story: &Story<'_>, manual: Manual) -> Outcome {
    let (life, evidence) = (story.life, story.evidence);
    let nothing = if life.acted { "Nothing more was done" } else { "Nothing was done" };
    let because = |line: String| match &evidence.obstacle {
        Some(obstacle) => Line::new(line).ours(": ").reported(obstacle).ours("."),
        None => Line::new(line).ours("."),
    };
    let (short, said) = match manual {
        Manual::Told => {
            ("for you to decide", Line::new(format!("{nothing}: no more than telling is granted here.")))
        }
        Manual::Protected | Manual::Imprecise => {
            ("not taken back", refused(evidence.refusal.as_ref(), life, nothing))
        }
        Manual::NotConfirmed => (
            "not confirmed",
            because(format!("Not confirmed: whether it really stands could not be seen. {nothing}")),
        ),
        Manual::Denied if !taken_back(story).is_empty() => (
            "partly taken back",
            because("Only a part was taken back because gardefou may not do the rest here".into()),
        ),
        Manual::Denied => {
            ("not taken back", because("It was not taken back because gardefou may not do this here".into()))
        }
        Manual::Stands => (
            "still there",
            Line::new("It still stands after it was taken back ")
                .id(&life.stands)
                .ours(" times; gardefou stops here."),
        ),
        Manual::Exhausted => ("not taken back", because("gardefou gave up after too many attempts".into())),
        Manual::Collateral => (
            "look at once",
            Line::new(
                "gardefou removed something compliant with the rest, because somebody changed it meanwhile. \
                       It was put back.",
            ),
        ),
        Manual::Undecided | Manual::Fight | Manual::NotObservable | Manual::Expired => {
            let why = life.state.reason().unwrap_or_default();
            let short = match manual {
                Manual::Undecided => "undecided",
                Manual::Fight => "keeps coming back",
                Manual::NotObservable => "not taken back",
                _ => "nobody answered",
            };
            (short, because(format!("{nothing} because {why}")))
        }
    };
    Outcome { short, said, todo: todo(story, manual) }
}

fn refused(refusal: Option<&Refusal>, life: &Life, nothing: &str) -> Line {
    let because = Line::new(format!("{nothing} because "));
    match refusal {
        Some(Refusal::Protected { mark }) => {
            because.ours("the resource is protected by ").given(mark).ours(".")
        }
        Some(Refusal::Imprecise { why, .. }) => {
            because.ours("the inverse is not known exactly: ").reported(why).ours(".")
        }
        Some(Refusal::NotAddressable { .. }) => because.ours("AWS did not name what was added."),
        Some(Refusal::AlreadyUndone) | None => {
            because.ours(life.state.reason().unwrap_or_default()).ours(".")
        }
    }
}

fn todo(story: &Story<'_>, manual: Manual) -> Vec<Line> {
    let actor = &story.finding.actor;
    let line = match (&story.evidence.refusal, manual) {
        (Some(Refusal::Imprecise { by_hand, .. } | Refusal::NotAddressable { by_hand }), _) => {
            Line::default().reported(by_hand)
        }
        (_, Manual::Told | Manual::NotConfirmed) => Line::new("Take it back by hand if it must not stand."),
        (_, Manual::Undecided) => Line::new("Look at the change yourself; nothing is done about it."),
        (_, Manual::Fight) => Line::new("Fix the code: ")
            .given(actor.invoked_by.as_ref().unwrap_or(&actor.name))
            .ours(" keeps putting it back, and does so again after any revert."),
        (_, Manual::Denied) => {
            Line::new("Let gardefou's role do this in this account and approve it, or take it back by hand.")
        }
        (_, Manual::Exhausted | Manual::Expired) => Line::new("Approve it, or take it back by hand."),
        (_, Manual::Stands) => Line::new("Find out what puts it back, then take it back by hand."),
        (_, Manual::Collateral) => Line::new("Compare it with what it was before, and close this finding."),
        (_, Manual::Protected | Manual::Imprecise | Manual::NotObservable) => {
            Line::new("Take it back by hand.")
        }
    };
    vec![line]
}
