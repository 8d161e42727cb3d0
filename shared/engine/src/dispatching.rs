//! From OPEN to where a finding belongs, with the guards in the same transaction; then the doorbells.

use crate::breaker::Breaker;
use crate::evaluate::TRIES_MAX;
use crate::fight::Fight;
use crate::ledger::{Attr, Write};
use crate::mover::Moved;
use crate::{Clock, Evaluate, EvaluateError, FindingRecord, Key, Ledger, Queue, waiving};
use jiff::{SignedDuration, Timestamp};
use model::{
    Cause, Culprit, Disposition, Evidence, Facts, Input, Manual, Mode, State, Untrusted, Wait, dispatch,
};
use std::collections::BTreeMap;
use trail::Change;

/// Evidence older than this needs approval (REL-4).
const LATE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// What stands between a finding and its revert.
struct Guards {
    breaker: Breaker,
    fight: Fight,
    fighter: Option<String>,
}

impl<L: Ledger, Q: Queue, C: Clock> Evaluate<L, Q, C> {
    /// Run by whoever writes a finding, and by the sweep for one that was left OPEN.
    pub(crate) async fn dispatch(&self, mut record: FindingRecord) -> Result<(), EvaluateError> {
        for _ in 0..TRIES_MAX {
            if record.life.state != State::Open {
                self.desk.ring(&record).await?;
                return Ok(());
            }
            let now = self.desk.now();
            let guards = self.guards(&record, now).await?;
            let disposition = dispatch(&self.facts(&record, &guards, now).await?);
            let writes = self.writes(&record, disposition, &guards, now);
            // What was seen and done stays when a finding comes back; why it stopped then does not.
            let fights = disposition == Disposition::Manual(Manual::Fight);
            let obstacle = guards.fighter.clone().filter(|_| fights);
            let evidence = Evidence { obstacle, refusal: None, ..record.evidence.clone() };
            let input = Input::Dispatched(disposition);
            match self.desk.apply(&record, &input, evidence, &cause(&record, disposition), writes).await? {
                Moved::To(moved) => {
                    self.afterwards(disposition, &guards.breaker, now).await?;
                    record = *moved;
                }
                Moved::Overtaken | Moved::Guarded | Moved::Rejected(_) => {
                    let id = record.finding.id.clone();
                    record = self.desk.find(&id).await?.ok_or(EvaluateError::Busy(id))?;
                }
            }
        }
        Err(EvaluateError::Busy(record.finding.id))
    }

    /// What is committed together with the move.
    fn writes(
        &self,
        record: &FindingRecord,
        disposition: Disposition,
        guards: &Guards,
        now: Timestamp,
    ) -> Vec<Write> {
        // Waivers count no more in what has come back from one.
        let waives = !record.life.returned;
        let uses = || waiving::uses(&record.finding, &self.guarded.config, now);
        let mut writes = waives.then(uses).unwrap_or_default();
        if disposition == Disposition::Revert {
            writes.extend(guards.breaker.guards(now));
            writes.extend(guards.fight.round(now));
        }
        writes
    }

    /// What may be lost without harm: a window of all accounts, and the mark of one that was full.
    async fn afterwards(
        &self,
        disposition: Disposition,
        breaker: &Breaker,
        now: Timestamp,
    ) -> Result<(), EvaluateError> {
        let writes = match disposition {
            Disposition::Revert => breaker.uncounted(now),
            Disposition::Await(Wait::Breaker) => breaker.tripped(now),
            _ => Vec::new(),
        };
        for write in writes {
            self.desk.ledger.commit(&[write]).await?;
        }
        Ok(())
    }

    async fn facts(
        &self,
        record: &FindingRecord,
        guards: &Guards,
        now: Timestamp,
    ) -> Result<Facts, EvaluateError> {
        let FindingRecord { finding, life, .. } = record;
        let age = now.duration_since(finding.happened_at());
        Ok(Facts {
            granted: finding.mode(life),
            waived: if life.returned { None } else { finding.waived_until() },
            undecided: finding.violations.is_empty(),
            holds: finding.violations.iter().any(|violation| violation.holds),
            protected: self.guarded.config.protects(&finding.resource),
            fight: guards.fighter.is_some(),
            breaker_open: guards.breaker.is_open(),
            kill: self.desk.kill_switch().await?,
            late: matches!(finding.cause, Cause::Event(_)) && age > LATE_AFTER,
            returned: life.returned,
        })
    }

    async fn guards(&self, record: &FindingRecord, now: Timestamp) -> Result<Guards, EvaluateError> {
        let FindingRecord { finding, life, .. } = record;
        let (ledger, resource) = (&self.desk.ledger, &finding.resource);
        let none = Guards { breaker: Breaker::default(), fight: Fight::default(), fighter: None };
        let Some(violation) = finding.counted_under(life) else { return Ok(none) };
        let caps = self.guarded.config.breaker;
        let breaker = Breaker::read(ledger, caps, &resource.account, &violation.rule, now).await?;
        let culprits: Vec<Culprit> = finding.culprits_at(Mode::Revert, life);
        let fight = Fight::read(ledger, resource, &culprits).await?;
        let fighter = fight.with(&finding.actor, now);
        Ok(Guards { breaker, fight, fighter })
    }

    /// The resource's tags as a sweep saw them last; read only where the configuration speaks of one.
    pub(crate) async fn known_tags(
        &self,
        change: &Change,
    ) -> Result<Option<BTreeMap<String, Untrusted>>, EvaluateError> {
        if self.guarded.config.allowance.environments.is_none() {
            return Ok(None);
        }
        let item = self.desk.ledger.read(&Key::resource(&change.resource)).await?;
        let tags = item.and_then(|item| match item.get("tags") {
            Some(Attr::S(tags)) => serde_json::from_str(tags).ok(),
            _ => None,
        });
        Ok(tags)
    }
}

/// Why it moves; a waiver is named, so that its use is in the history.
fn cause(record: &FindingRecord, disposition: Disposition) -> String {
    let waived = record.finding.violations.iter().filter_map(|violation| violation.waived.as_ref());
    match disposition {
        Disposition::Waived { .. } => {
            let mut by: Vec<String> = waived.map(|by| format!("{} of {}", by.id, by.owner)).collect();
            by.dedup();
            format!("waived by {}", by.join(", "))
        }
        _ => "dispatch".to_owned(),
    }
}
