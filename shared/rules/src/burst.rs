//! What was seen of one actor, address, account or resource, as far as a rule that counts needs it.

use crate::Count;
use model::EventId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use trail::Change;

/// Of what has to differ, this many characters are kept: enough to differ.
const DIFFERS_CHARS_MAX: usize = 120;

/// Each event once, however often it is delivered; they need not come in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Burst {
    /// By second, with what has to differ.
    seen: BTreeSet<(i64, EventId, String)>,
    /// When it was told, and by which event.
    told: BTreeSet<(i64, EventId)>,
}

/// What an event is to a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It fills the number: the burst is told, once.
    Tells,
    Counted,
    /// It was counted before; did it tell then?
    Again {
        told: bool,
    },
}

impl Burst {
    pub fn add(&mut self, count: &Count, change: &Change) -> Added {
        let (at, event) = (change.event.time.as_second(), &change.event.id);
        let differs = count.distinct.map(|distinct| distinct.of(change)).unwrap_or_default();
        let differs: String = differs.chars().take(DIFFERS_CHARS_MAX).collect();
        if !self.seen.insert((at, event.clone(), differs)) {
            return Added::Again { told: self.told.contains(&(at, event.clone())) };
        }
        let until = at.saturating_add(count.within_seconds);
        let since = at.saturating_sub(count.within_seconds);
        let told_lately = self.told.iter().any(|(time, _)| (since..=until).contains(time));
        let tells = !told_lately && self.many(count, since, at);
        if tells {
            self.told.insert((at, event.clone()));
        }
        self.forget(count);
        if tells { Added::Tells } else { Added::Counted }
    }

    /// Are there enough after `since`, up to `at`?
    fn many(&self, count: &Count, since: i64, at: i64) -> bool {
        let enough = usize::try_from(count.at_least).unwrap_or(usize::MAX);
        let inside = self.seen.iter().filter(|(time, ..)| *time > since && *time <= at);
        let name = |(_, event, differs): &'_ (i64, EventId, String)| match count.distinct {
            Some(_) => differs.clone(),
            None => event.to_string(),
        };
        inside.map(name).collect::<BTreeSet<_>>().len() >= enough
    }

    /// What is too old to matter to the newest, and more than the number asks for, the oldest first. Of what has to
    /// differ, the same is kept once.
    fn forget(&mut self, count: &Count) {
        let Some((newest, ..)) = self.seen.last().cloned() else { return };
        // Twice the time: an event that comes late still finds those around it.
        let since = newest.saturating_sub(count.within_seconds.saturating_mul(2));
        self.seen.retain(|(time, ..)| *time > since);
        self.told.retain(|(time, _)| *time > since);
        if count.distinct.is_some() {
            let latest: BTreeMap<String, (i64, EventId)> = self
                .seen
                .iter()
                .map(|(time, event, differs)| (differs.clone(), (*time, event.clone())))
                .collect();
            self.seen.retain(|(time, event, differs)| latest.get(differs) == Some(&(*time, event.clone())));
        }
        let most = usize::try_from(count.at_least).unwrap_or(usize::MAX).saturating_mul(2);
        while self.seen.len() > most {
            self.seen.pop_first();
        }
    }
}
