//! What happened in one invocation, as one line of CloudWatch's embedded metric format.

use jiff::Timestamp;
use model::{Manual, Phase, Resolution, State, Wait};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const NAMESPACE: &str = "gardefou";

/// Counts and times, until they are taken.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<Measured>>);

/// What was counted and timed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    counts: BTreeMap<&'static str, u64>,
    /// In milliseconds.
    times: BTreeMap<&'static str, Vec<i64>>,
}

impl Meter {
    pub fn add(&self, name: &'static str, count: u64) {
        *self.measured().counts.entry(name).or_default() += count;
    }

    pub fn count(&self, name: &'static str) {
        self.add(name, 1);
    }

    pub fn time(&self, name: &'static str, from: Timestamp, to: Timestamp) {
        let took = to.duration_since(from).as_millis();
        let took = i64::try_from(took).unwrap_or(i64::MAX);
        self.measured().times.entry(name).or_default().push(took.max(0));
    }

    /// What was measured since it was last taken.
    pub fn take(&self) -> Measured {
        std::mem::take(&mut *self.measured())
    }

    fn measured(&self) -> std::sync::MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A finding moved.
    pub(crate) fn moved(&self, from: State, to: State, epoch: u64) {
        let name = match to {
            State::Reverting(Phase::Claimed) if matches!(from, State::Reverting(_)) && epoch > 1 => {
                "LeaseTakeover"
            }
            State::Reverting(Phase::Claimed) => "RevertAttempt",
            State::Queued(_) if from == State::Open => "RevertQueued",
            State::Reverted => "RevertOk",
            State::Resolved(Resolution::Compliant) => "RevertNoop",
            State::Manual(Manual::Denied | Manual::Exhausted | Manual::Stands | Manual::NotObservable) => {
                "RevertFailed"
            }
            State::Manual(Manual::Fight) => "FightDetected",
            State::Manual(Manual::Collateral) => "CollateralRestored",
            State::Manual(Manual::Expired) => "ApprovalExpired",
            State::Awaiting(Wait::Breaker) => "BreakerOpen",
            State::Awaiting(Wait::Kill) => "KillSwitchOn",
            State::Awaiting(_) => "ApprovalsPending",
            State::Waived => "Waived",
            _ => return,
        };
        self.count(name);
    }
}

impl Measured {
    pub fn of(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// The share `percent` of the times is no longer than this.
    pub fn percentile(&self, name: &str, percent: usize) -> Option<i64> {
        let mut times = self.times.get(name)?.clone();
        times.sort_unstable();
        let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(at).copied()
    }

    /// One summary line of the invocation; its dimension is the function.
    pub fn line(&self, function: &str, request: &str, now: Timestamp) -> String {
        let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let counts = self.counts.keys().map(|name| metric(name, "Count"));
        let times = self.times.keys().map(|name| metric(name, "Milliseconds"));
        // The format takes 100 values of a metric, and 100 metrics a line.
        let metrics: Vec<Value> = counts.chain(times).take(100).collect();
        let mut line = Map::from_iter([
            (
                "_aws".to_owned(),
                json!({
                    "Timestamp": now.as_millisecond(),
                    "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [["fn"]], "Metrics": metrics}],
                }),
            ),
            ("fn".to_owned(), json!(function)),
            ("request".to_owned(), json!(request)),
        ]);
        line.extend(self.counts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))));
        line.extend(self.times.iter().flat_map(|(name, times)| {
            let kept: Vec<i64> = times.iter().copied().take(100).collect();
            // Of all of them, also of those that the format leaves no room for.
            let share = |percent| (format!("{name}P{percent}"), json!(self.percentile(name, percent)));
            [((*name).to_owned(), json!(kept)), share(50), share(99)]
        }));
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_each_metric_once_with_its_value_and_is_empty_after_it_was_taken() {
        let meter = Meter::default();
        meter.count("RevertOk");
        meter.add("RevertOk", 2);
        meter.time("RevertMs", Timestamp::UNIX_EPOCH, Timestamp::from_millisecond(250).unwrap());
        let line: Value =
            serde_json::from_str(&meter.take().line("revert", "r-1", Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(
            (&line["RevertOk"], &line["RevertMs"], &line["fn"]),
            (&json!(3), &json!([250]), &json!("revert"))
        );
        let metrics = &line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
        assert_eq!(
            metrics,
            &json!([{"Name": "RevertOk", "Unit": "Count"}, {"Name": "RevertMs", "Unit": "Milliseconds"}])
        );
        assert_eq!((&line["RevertMsP50"], &line["RevertMsP99"]), (&json!(250), &json!(250)));
        assert_eq!(meter.take(), Measured::default());
    }

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let meter = Meter::default();
        for ms in 1..=100 {
            meter.time("Delay", Timestamp::UNIX_EPOCH, Timestamp::from_millisecond(ms).unwrap());
        }
        let measured = meter.take();
        assert_eq!(
            (measured.percentile("Delay", 50), measured.percentile("Delay", 99)),
            (Some(50), Some(99))
        );
        assert_eq!(measured.percentile("None", 50), None);
    }
}
