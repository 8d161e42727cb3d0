//! What the scheduler asks for.

use aws::{DynamoLedger, SqsQueue, SystemClock, report};
use engine::{Coverage, Reach, Sweep, SweepError};
use hands::{EventHistory, SecurityGroups};
use jiff::{SignedDuration, Timestamp};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;

/// What is left of an invocation for the page at hand and for noting how far it came.
const MARGIN: SignedDuration = SignedDuration::from_secs(20);

pub(crate) type Function =
    Sweep<DynamoLedger, SqsQueue, SystemClock, SecurityGroups, SecurityGroups, EventHistory>;

/// `{"job": "tick"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    job: Job,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Job {
    /// Every minute: what is due, and what an earlier sweep did not get through.
    Tick,
    /// Every 15 minutes: present state, by the critical rules.
    Critical,
    /// Every 6 hours: present state, by all rules.
    All,
    /// Every day: what CloudTrail remembers.
    Reconcile,
}

pub(crate) async fn carry_out(sweep: &Function, event: LambdaEvent<Order>) -> Result<(), SweepError> {
    let until = until(event.context.deadline);
    let done = match event.payload.job {
        Job::Tick => tick(sweep, until).await,
        Job::Critical => sweep.present(Reach::Critical, until).await.map(drop),
        Job::All => sweep.present(Reach::All, until).await.map(drop),
        Job::Reconcile => reconcile(sweep, until).await,
    };
    if let Err(error) = &done {
        sweep.evaluate.desk.meter.count("SweepFailed");
        tracing::error!(error = %engine::chain(error), "a sweep was not finished");
    }
    report(&sweep.evaluate.desk, "sweep", &event.context.request_id);
    done
}

async fn tick(sweep: &Function, until: Timestamp) -> Result<(), SweepError> {
    sweep.tick(until).await?;
    for reach in sweep.unfinished().await? {
        sweep.present(reach, until).await?;
    }
    if sweep.is_reconciling().await? {
        reconcile(sweep, until).await?;
    }
    Ok(())
}

async fn reconcile(sweep: &Function, until: Timestamp) -> Result<(), SweepError> {
    if let Some(Coverage { seen, missed, recovered }) = sweep.reconcile(until).await? {
        tracing::info!(seen, missed, recovered, "compared with what CloudTrail remembers");
    }
    Ok(())
}

/// `deadline`: milliseconds since 1970.
fn until(deadline: u64) -> Timestamp {
    let deadline = i64::try_from(deadline).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    deadline.and_then(|deadline| deadline.checked_sub(MARGIN).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheduler_s_orders_are_read_and_nothing_else_is() {
        for (text, job) in [
            (r#"{"job":"tick"}"#, Job::Tick),
            (r#"{"job":"critical"}"#, Job::Critical),
            (r#"{"job":"all"}"#, Job::All),
            (r#"{"job":"reconcile"}"#, Job::Reconcile),
        ] {
            assert_eq!(serde_json::from_str::<Order>(text).unwrap().job, job);
        }
        assert!(serde_json::from_str::<Order>(r#"{"job":"tick","reach":"all"}"#).is_err());
        assert!(serde_json::from_str::<Order>(r#"{"job":"revert"}"#).is_err());
    }

    #[test]
    fn a_sweep_stops_in_time_to_note_how_far_it_came() {
        assert_eq!(until(1_800_000_300_000), Timestamp::from_second(1_800_000_280).unwrap());
    }
}
