//! From a doorbell to people: each channel hears each version once, and the finding forgets what was told.

use crate::ledger::Commit;
use crate::ports::{Audience, Outcome, Retry, chain};
use crate::writes::{self, Attempt, ChannelColumns};
use crate::{ChannelError, Clock, Desk, Doorbell, FindingRecord, Key, Ledger, LedgerError, MoveError, Queue};
use jiff::SignedDuration;
use model::{Input, next};
use render::Story;

/// A channel that is being told is left alone so long: longer than a function lives.
const SENDING_MAX: SignedDuration = SignedDuration::from_secs(60);
const TRIES_MAX: usize = 5;

/// The `notify` function.
#[derive(Debug)]
pub struct Notify<L, Q, C, A> {
    pub desk: Desk<L, Q, C>,
    pub audience: A,
    /// How long a message waits when a channel is down and does not say for how long.
    pub back_off: SignedDuration,
}

#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("channel `{channel}` cannot be told of finding `{finding}`")]
    Channel { channel: &'static str, finding: String, source: ChannelError },
}

impl From<LedgerError> for NotifyError {
    fn from(error: LedgerError) -> Self {
        Self::Move(error.into())
    }
}

impl<L: Ledger, Q: Queue, C: Clock, A: Audience> Notify<L, Q, C, A> {
    /// `Later` while a channel is down; the queue brings the message back, and only that channel is tried again.
    pub async fn doorbell(&self, doorbell: &Doorbell) -> Result<Outcome, NotifyError> {
        let Some(record) = self.desk.find(&doorbell.finding).await? else { return Ok(Outcome::Done) };
        let Some(tell) = record.life.tell else { return Ok(Outcome::Done) };
        let (mut wait, mut refused) = (None, None);
        let digest = record.life.hushed;
        let silent = digest && !self.tells_for_all(&record).await?;
        for channel in self.audience.names() {
            let heard = record.told.get(channel).copied().unwrap_or_default();
            let news = record.life.loud > heard && !silent;
            if !news && (silent || !self.audience.follows(channel)) {
                continue;
            }
            match self.tell(channel, &record, tell, digest).await? {
                Ok(None) => {}
                Ok(Some(after)) => wait = wait.max(Some(after)),
                Err(source) => refused = Some((channel, source)),
            }
        }
        if let Some((channel, source)) = refused {
            return Err(NotifyError::Channel { channel, finding: record.finding.id.to_string(), source });
        }
        match wait {
            Some(after) => Ok(Outcome::Later(after)),
            None => self.all_told(record, tell).await,
        }
    }

    /// `Ok(None)`: this channel knows. `Ok(Some)`: try again after so long.
    async fn tell(
        &self,
        channel: &'static str,
        record: &FindingRecord,
        tell: u64,
        digest: bool,
    ) -> Result<Result<Option<SignedDuration>, ChannelError>, NotifyError> {
        let Some(columns) = ChannelColumns::of(channel) else { return Ok(Err(ChannelError::NoChannel)) };
        if record.told.get(channel).is_some_and(|told| *told >= tell) {
            return Ok(Ok(None));
        }
        let now = self.desk.now();
        let until = now.checked_add(SENDING_MAX).unwrap_or(now);
        let claim = writes::sending(record, columns, tell, now, until);
        if let Commit::Refused(_) = self.desk.ledger.commit(&[claim]).await? {
            return self.told_meanwhile(channel, record, tell).await;
        }
        let FindingRecord { finding, life, evidence, .. } = record;
        let answer = self.audience.send(channel, &Story { finding, life, evidence, digest }).await;
        let wait = match answer.as_ref().map_err(ChannelError::retry) {
            Err(Retry::Later(after)) => Some(after.unwrap_or(self.back_off)),
            Ok(()) | Err(Retry::Never) => None,
        };
        let attempt = match (&answer, wait) {
            (Ok(()), _) => Attempt::Told(tell),
            (Err(_), Some(wait)) => Attempt::Later(self.desk.now().checked_add(wait).unwrap_or(until)),
            (Err(_), None) => Attempt::Refused,
        };
        self.desk.ledger.commit(&[writes::attempted(record, columns, attempt)]).await?;
        Ok(match (answer, wait) {
            (Err(error), Some(_)) => {
                tracing::warn!(finding.id = %finding.id, channel, error = %chain(&error), "a channel is down");
                Ok(wait)
            }
            (Err(error), None) => Err(error),
            (Ok(()), _) => {
                self.desk.meter.count("NotifySent");
                Ok(None)
            }
        })
    }

    /// What waits because of the breaker is told once an hour and account, by the finding that came first.
    async fn tells_for_all(&self, record: &FindingRecord) -> Result<bool, NotifyError> {
        let key = Key::digest(&record.finding.resource.account, self.desk.now());
        let claim = writes::digest(key.clone(), &record.finding.id, self.desk.now());
        if self.desk.ledger.commit(&[claim]).await? == Commit::Done {
            self.desk.meter.count("NotifyDigest");
            return Ok(true);
        }
        // It may be ours, from before this invocation.
        let item = self.desk.ledger.read(&key).await?;
        let told_by = item.as_ref().and_then(|item| crate::record::text(item, "finding").ok());
        Ok(told_by == Some(record.finding.id.as_str()))
    }

    /// Another invocation tells this channel, or has told it.
    async fn told_meanwhile(
        &self,
        channel: &'static str,
        record: &FindingRecord,
        tell: u64,
    ) -> Result<Result<Option<SignedDuration>, ChannelError>, NotifyError> {
        let now = self.desk.find(&record.finding.id).await?;
        let told = now.is_none_or(|now| {
            now.life.tell != Some(tell) || now.told.get(channel).is_some_and(|told| *told >= tell)
        });
        Ok(Ok((!told).then_some(self.back_off)))
    }

    /// Every channel knows this version: nothing is left to tell, unless the finding moved on and says more.
    async fn all_told(&self, mut record: FindingRecord, tell: u64) -> Result<Outcome, NotifyError> {
        for _ in 0..TRIES_MAX {
            let now = self.desk.now();
            let delivered = Input::Delivered { version: tell };
            let Ok(life) = next(&record.life, &delivered, now, &self.desk.timing) else {
                return Ok(Outcome::Done);
            };
            let write = writes::noted(&record, &life, &record.evidence, now);
            if self.desk.ledger.commit(&[write]).await? == Commit::Done {
                return Ok(Outcome::Done);
            }
            let Some(moved) = self.desk.find(&record.finding.id).await? else { return Ok(Outcome::Done) };
            record = moved;
        }
        Ok(Outcome::Later(self.back_off))
    }
}
