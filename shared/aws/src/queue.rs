//! Doorbells on SQS.

use aws_sdk_sqs::Client;
use engine::{Doorbell, Effect, Family, Outcome, Queue, QueueError};
use jiff::SignedDuration;

/// SQS hides a message for twelve hours at most.
const HIDDEN_MAX_SECONDS: i64 = 43_200;

/// Which queue is whose.
#[derive(Debug, Clone)]
pub struct SqsUrls {
    pub revert_network: String,
    pub notify: String,
}

#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    urls: SqsUrls,
}

impl SqsQueue {
    pub fn new(client: Client, urls: SqsUrls) -> Self {
        Self { client, urls }
    }

    pub fn revert_network(&self) -> &str {
        &self.urls.revert_network
    }

    pub fn notify(&self) -> &str {
        &self.urls.notify
    }

    /// Lets a message of `queue` come back after the time that the worker asks for, not after the queue's own.
    pub async fn postpone(&self, queue: &str, receipt: &str, outcome: Outcome) -> Result<(), QueueError> {
        let Outcome::Later(after) = outcome else { return Ok(()) };
        let seconds = whole_seconds(after).clamp(0, HIDDEN_MAX_SECONDS);
        let hide = self.client.change_message_visibility().queue_url(queue).receipt_handle(receipt);
        let hide = hide.visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        hide.send().await.map(drop).map_err(|error| QueueError::Send(Box::new(error)))
    }
}

impl Queue for SqsQueue {
    async fn ring(
        &self,
        family: Option<Family>,
        doorbell: &Doorbell,
        delay: SignedDuration,
    ) -> Result<(), QueueError> {
        let url = match (doorbell.effect, family) {
            (Effect::Notify, _) => &self.urls.notify,
            (Effect::Revert, Some(Family::Network)) => &self.urls.revert_network,
            (Effect::Revert, None) => return Err(QueueError::NoQueue),
        };
        let body = serde_json::to_string(doorbell).map_err(|error| QueueError::Send(Box::new(error)))?;
        let seconds = i32::try_from(whole_seconds(delay)).unwrap_or(i32::MAX);
        let send = self.client.send_message().queue_url(url).message_body(body).delay_seconds(seconds);
        send.send().await.map(drop).map_err(|error| QueueError::Send(Box::new(error)))
    }
}

/// Rounded up: a doorbell must not ring before its time.
fn whole_seconds(time: SignedDuration) -> i64 {
    time.as_secs() + i64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_is_a_whole_one() {
        assert_eq!(whole_seconds(SignedDuration::from_millis(1_001)), 2);
        assert_eq!(whole_seconds(SignedDuration::from_secs(2)), 2);
        assert_eq!(whole_seconds(SignedDuration::ZERO), 0);
    }
}
