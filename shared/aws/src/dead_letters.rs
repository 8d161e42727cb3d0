//! The dead-letter queues: what was tried too often, for people to look at and to send again.

use crate::StackQueues;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// So long a message is hidden while it is looked at or sent again.
const HIDDEN_SECONDS: i32 = 60;
/// One answer of SQS.
const BATCH: i32 = 10;
/// A long poll asks every server: an empty answer means an empty queue.
const WAIT_SECONDS: i32 = 1;
/// Ten messages a second: what failed once shall not fail for load.
const PAUSE: Duration = Duration::from_millis(100);

/// One of the stack's dead-letter queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeadQueue {
    Events,
    RevertNetwork,
    Notify,
    /// What `EventBridge` could not deliver to the events queue.
    Rule,
}

/// How many messages are in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub visible: u64,
    /// Somebody looks at them.
    pub hidden: u64,
}

/// A message that nobody could work off. Every text of it is as a stranger wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub id: String,
    pub body: String,
    pub sent_at: Option<Timestamp>,
    pub receives: u64,
    pub attributes: BTreeMap<String, String>,
}

/// What became of sending again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    pub sent: u64,
    /// They came while others were sent again, and stay.
    pub left: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    #[error("the queue was not found")]
    Find(#[source] BoxError),
    #[error("the queue could not be asked")]
    Ask(#[source] BoxError),
    #[error("no message could be received")]
    Receive(#[source] BoxError),
    #[error("message `{id}` could not be sent to its queue; it stays, and {sent} were sent before it")]
    Send { id: String, sent: u64, source: BoxError },
    #[error("message `{id}` was sent to its queue and could not be deleted here: it will be sent once more")]
    Delete { id: String, source: BoxError },
    #[error("messages could not be shown to others again, they come back after {HIDDEN_SECONDS} s")]
    GiveBack(#[source] BoxError),
}

impl DeadQueue {
    pub const ALL: [Self; 4] = [Self::Events, Self::RevertNetwork, Self::Notify, Self::Rule];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::RevertNetwork => "revert-network",
            Self::Notify => "notify",
            Self::Rule => "rule",
        }
    }

    fn name(self) -> String {
        format!("{}-dlq", self.as_str())
    }

    /// Where its messages were meant to be worked off.
    pub fn source(self) -> &'static str {
        match self {
            Self::Rule => Self::Events.as_str(),
            _ => self.as_str(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct DeadLetters {
    queues: StackQueues,
}

impl DeadLetters {
    pub(crate) fn new(queues: StackQueues) -> Self {
        Self { queues }
    }

    async fn url(&self, name: &str) -> Result<String, DeadLetterError> {
        self.queues.url(name).await.map_err(DeadLetterError::Find)
    }

    pub async fn waiting(&self, queue: DeadQueue) -> Result<Waiting, DeadLetterError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let asked = self.queues.client.get_queue_attributes().queue_url(self.url(&queue.name()).await?);
        let asked = asked.set_attribute_names(Some(names.to_vec()));
        let answer = asked.send().await.map_err(|error| DeadLetterError::Ask(Box::new(error)))?;
        let [visible, hidden] = names.map(|name| {
            let found = answer.attributes().and_then(|attributes| attributes.get(&name));
            found.and_then(|number| number.parse().ok()).unwrap_or_default()
        });
        Ok(Waiting { visible, hidden })
    }

    /// Shows `max` messages at most, the oldest first; they stay, and others see them at once again.
    pub async fn look(&self, queue: DeadQueue, max: usize) -> Result<Vec<Letter>, DeadLetterError> {
        let url = self.url(&queue.name()).await?;
        let (mut letters, mut receipts, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        while letters.len() < max {
            let received = self.receive(&url).await;
            // What was received so far is shown again, whatever happens to the rest.
            let messages = match received {
                Ok(messages) if messages.is_empty() => break,
                Ok(messages) => messages,
                Err(error) => {
                    drop(self.give_back(&url, &receipts).await);
                    return Err(error);
                }
            };
            for message in messages {
                receipts.extend(message.receipt_handle.clone());
                let letter = letter(&message);
                if seen.insert(letter.id.clone()) {
                    letters.push(letter);
                }
            }
        }
        self.give_back(&url, &receipts).await?;
        letters.sort_by_key(|letter| letter.sent_at);
        letters.truncate(max);
        Ok(letters)
    }

    /// Sends up to `max` messages to the queue they came from, with their attributes, one after the other; `sent` is
    /// told after each. Those that come meanwhile stay: a message that fails again is not sent round and round.
    pub async fn redrive(
        &self,
        queue: DeadQueue,
        max: u64,
        began: Timestamp,
        mut sent: impl FnMut(u64),
    ) -> Result<Moved, DeadLetterError> {
        let (from, to) = (self.url(&queue.name()).await?, self.url(queue.source()).await?);
        let mut moved = Moved::default();
        let (mut kept, mut seen_new) = (Vec::new(), BTreeSet::new());
        let ended = 'all: loop {
            let messages = match self.receive(&from).await {
                Ok(messages) if messages.is_empty() => break Ok(()),
                Ok(messages) => messages,
                Err(error) => break Err(error),
            };
            let mut messages = messages.into_iter();
            while let Some(message) = messages.next() {
                let new = letter(&message).sent_at.is_some_and(|at| at > began);
                if new || moved.sent >= max {
                    if new {
                        seen_new.insert(message.message_id.clone());
                    }
                    kept.extend(message.receipt_handle.clone());
                } else if let Err(error) = self.send_again(&from, &to, &message, moved.sent).await {
                    kept.extend(message.receipt_handle.clone());
                    kept.extend(messages.filter_map(|message| message.receipt_handle));
                    break 'all Err(error);
                } else {
                    moved.sent += 1;
                    sent(moved.sent);
                    tokio::time::sleep(PAUSE).await;
                }
            }
            if moved.sent >= max {
                break Ok(());
            }
        };
        let given_back = self.give_back(&from, &kept).await;
        ended.and(given_back)?;
        moved.left = u64::try_from(seen_new.len()).unwrap_or(u64::MAX);
        Ok(moved)
    }

    async fn send_again(
        &self,
        from: &str,
        to: &str,
        message: &Message,
        before: u64,
    ) -> Result<(), DeadLetterError> {
        let id = || message.message_id.clone().unwrap_or_default();
        let send = self.queues.client.send_message().queue_url(to);
        let send = send.message_body(message.body.clone().unwrap_or_default());
        let send = send.set_message_attributes(message.message_attributes.clone());
        send.send().await.map_err(|error| DeadLetterError::Send {
            id: id(),
            sent: before,
            source: Box::new(error),
        })?;
        let delete = self.queues.client.delete_message().queue_url(from);
        let delete = delete.set_receipt_handle(message.receipt_handle.clone());
        delete
            .send()
            .await
            .map(drop)
            .map_err(|error| DeadLetterError::Delete { id: id(), source: Box::new(error) })
    }

    async fn receive(&self, url: &str) -> Result<Vec<Message>, DeadLetterError> {
        let receive = self.queues.client.receive_message().queue_url(url).max_number_of_messages(BATCH);
        let receive = receive.visibility_timeout(HIDDEN_SECONDS).wait_time_seconds(WAIT_SECONDS);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let sent = receive.message_attribute_names("All").send().await;
        sent.map(|answer| answer.messages.unwrap_or_default())
            .map_err(|error| DeadLetterError::Receive(Box::new(error)))
    }

    async fn give_back(&self, url: &str, receipts: &[String]) -> Result<(), DeadLetterError> {
        for some in receipts.chunks(10) {
            let entry = |(at, receipt): (usize, &String)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(at.to_string());
                entry.receipt_handle(receipt).visibility_timeout(0).build()
            };
            let entries: Result<Vec<_>, _> = some.iter().enumerate().map(entry).collect();
            let entries = entries.map_err(|error| DeadLetterError::GiveBack(Box::new(error)))?;
            let batch = self.queues.client.change_message_visibility_batch().queue_url(url);
            let sent = batch.set_entries(Some(entries)).send().await;
            sent.map_err(|error| DeadLetterError::GiveBack(Box::new(error)))?;
        }
        Ok(())
    }
}

fn letter(message: &Message) -> Letter {
    let system = |name: MessageSystemAttributeName| message.attributes().and_then(|all| all.get(&name));
    let number = |name| system(name).and_then(|number| number.parse::<i64>().ok());
    let text = |value: &MessageAttributeValue| match (value.string_value(), value.binary_value()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(bytes)) => format!("{} bytes", bytes.as_ref().len()),
        (None, None) => String::new(),
    };
    let attributes = message.message_attributes().into_iter().flatten();
    Letter {
        id: message.message_id.clone().unwrap_or_default(),
        body: message.body.clone().unwrap_or_default(),
        sent_at: number(MessageSystemAttributeName::SentTimestamp)
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        receives: number(MessageSystemAttributeName::ApproximateReceiveCount)
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default(),
        attributes: attributes.map(|(name, value)| (name.clone(), text(value))).collect(),
    }
}
