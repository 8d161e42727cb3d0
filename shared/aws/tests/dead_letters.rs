//! Dead letters on the local SQS: looked at without taking them, sent again with all that they carried.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that starts the local AWS"
)]

mod local;

use aws::{DeadQueue, Stack, Waiting};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use jiff::{SignedDuration, Timestamp};
use local::LocalAws;
use std::collections::{BTreeMap, BTreeSet};

struct Stage {
    local: LocalAws,
    sqs: Client,
    stack: Stack,
}

impl Stage {
    async fn new() -> Self {
        let local = LocalAws::start();
        // It answers once it has made a table.
        local.table().await;
        let sqs = Client::new(&local.config());
        for name in ["events", "events-dlq", "notify-dlq", "rule-dlq"] {
            sqs.create_queue().queue_name(format!("one-{name}")).send().await.unwrap();
        }
        Self { stack: Stack::with(local.config(), "one".to_owned()), sqs, local }
    }

    async fn url(&self, name: &str) -> String {
        let asked = self.sqs.get_queue_url().queue_name(format!("one-{name}")).send().await;
        asked.unwrap().queue_url.unwrap()
    }

    async fn put(&self, queue: &str, body: &str) {
        let why = MessageAttributeValue::builder().data_type("String").string_value(format!("why {body}"));
        let send = self.sqs.send_message().queue_url(self.url(queue).await).message_body(body);
        send.message_attributes("WHY", why.build().unwrap()).send().await.unwrap();
    }

    /// What is in a queue, by body.
    async fn taken(&self, queue: &str) -> BTreeMap<String, String> {
        let url = self.url(queue).await;
        let mut taken = BTreeMap::new();
        loop {
            let receive = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10);
            let messages = receive.message_attribute_names("All").send().await.unwrap().messages;
            if messages.as_ref().is_none_or(Vec::is_empty) {
                return taken;
            }
            for message in messages.unwrap() {
                let why = message.message_attributes.unwrap()["WHY"].string_value.clone().unwrap();
                taken.insert(message.body.unwrap(), why);
            }
        }
    }
}

/// Every message was there before.
fn later() -> Timestamp {
    Timestamp::now() + SignedDuration::from_secs(60)
}

#[tokio::test]
async fn a_look_shows_what_is_there_and_leaves_it_there() {
    let stage = Stage::new().await;
    for at in 0..13 {
        stage.put("events-dlq", &format!("m{at}")).await;
    }
    let letters = stage.stack.dead_letters();
    for _ in 0..2 {
        let shown = letters.look(DeadQueue::Events, 100).await.unwrap();
        let bodies: BTreeSet<&str> = shown.iter().map(|letter| letter.body.as_str()).collect();
        assert_eq!((shown.len(), bodies.len()), (13, 13));
        let kept = |letter: &aws::Letter| {
            letter.sent_at.is_some() && letter.attributes["WHY"] == format!("why {}", letter.body)
        };
        assert!(shown.iter().all(kept), "{shown:?}");
        let waiting = letters.waiting(DeadQueue::Events).await.unwrap();
        assert_eq!(waiting, Waiting { visible: 13, hidden: 0 });
    }
    assert_eq!(letters.look(DeadQueue::Events, 4).await.unwrap().len(), 4);
    assert_eq!(letters.look(DeadQueue::Notify, 4).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_sent_again_arrives_with_its_attributes_and_no_more_than_was_asked_for() {
    let stage = Stage::new().await;
    for at in 0..6 {
        stage.put("events-dlq", &format!("m{at}")).await;
    }
    stage.put("rule-dlq", "undelivered").await;
    let letters = stage.stack.dead_letters();
    let mut heard = Vec::new();
    let moved = letters.redrive(DeadQueue::Events, 4, later(), |sent| heard.push(sent)).await.unwrap();
    assert_eq!((moved.sent, moved.left, heard), (4, 0, vec![1, 2, 3, 4]));
    // What was received and not wanted is there at once.
    assert_eq!(letters.waiting(DeadQueue::Events).await.unwrap(), Waiting { visible: 2, hidden: 0 });
    let moved = letters.redrive(DeadQueue::Rule, u64::MAX, later(), |_| {}).await.unwrap();
    assert_eq!(moved.sent, 1);
    let arrived = stage.taken("events").await;
    assert_eq!(arrived.len(), 5);
    assert!(arrived.iter().all(|(body, why)| *why == format!("why {body}")), "{arrived:?}");
    assert!(arrived.contains_key("undelivered"));
}

#[tokio::test]
async fn what_comes_while_others_are_sent_again_stays() {
    let stage = Stage::new().await;
    stage.put("events-dlq", "new").await;
    let letters = stage.stack.dead_letters();
    let before = Timestamp::now() - SignedDuration::from_secs(60);
    let moved = letters.redrive(DeadQueue::Events, u64::MAX, before, |_| {}).await.unwrap();
    assert_eq!((moved.sent, moved.left), (0, 1));
    assert_eq!(letters.waiting(DeadQueue::Events).await.unwrap(), Waiting { visible: 1, hidden: 0 });
}

#[tokio::test]
async fn a_stack_that_is_not_there_is_said_to_be() {
    let stage = Stage::new().await;
    let other = Stack::with(stage.local.config(), "other".to_owned());
    let error = other.dead_letters().waiting(DeadQueue::Events).await.unwrap_err();
    let said = engine::chain(&error);
    assert!(said.starts_with("the queue was not found") && said.contains("QueueDoesNotExist"), "{said}");
}
