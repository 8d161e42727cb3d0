//! Dead letters as the command shows them: what is in them was written by whoever sent them.

use crate::shown;
use crate::when;
use aws::{DeadQueue, Letter, Waiting};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The names of the fields are a promise to readers of the JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    queue: &'static str,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<String>,
    receives: u64,
    attributes: &'a BTreeMap<String, String>,
    body: &'a str,
}

pub(crate) fn row(queue: DeadQueue, letter: &Letter) -> Row<'_> {
    let Letter { id, body, sent_at, receives, attributes } = letter;
    Row { queue: queue.as_str(), id, sent: sent_at.map(when::stamp), receives: *receives, attributes, body }
}

/// A queue with what waits in it, and the oldest message of a look into it.
pub(crate) type Summary = (DeadQueue, Waiting, Option<Timestamp>);

pub(crate) fn summary(queues: &[Summary], now: Timestamp) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(["queue", "messages", "being looked at", "oldest", "sent again to"]);
    for (queue, waiting, oldest) in queues {
        table.add_row([
            queue.as_str().to_owned(),
            waiting.visible.to_string(),
            waiting.hidden.to_string(),
            oldest.map_or_else(|| "-".to_owned(), |at| when::short(now.duration_since(at))),
            queue.source().to_owned(),
        ]);
    }
    table.trim_fmt()
}

/// The message in full: JSON with an item on each line, anything else as it is.
pub(crate) fn letter(queue: DeadQueue, letter: &Letter, now: Timestamp) -> String {
    let Letter { id, body, sent_at, receives, attributes } = letter;
    let sent = sent_at.map_or_else(
        || "sent nobody knows when".to_owned(),
        |at| format!("sent {}, {}", when::stamp(at), when::ago(at, now)),
    );
    let mut lines = vec![format!(
        "{queue}: {}, {sent}, received {receives} times",
        shown::text(id),
        queue = queue.as_str()
    )];
    let attribute =
        |(name, value): (&String, &String)| format!("  {}: {}", shown::text(name), shown::text(value));
    lines.extend(attributes.iter().map(attribute));
    let pretty = serde_json::from_str::<Value>(body).and_then(|value| serde_json::to_string_pretty(&value));
    let body = pretty.as_deref().unwrap_or(body);
    lines.extend(body.lines().map(|line| format!("  {}", shown::line(line))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn poison(body: &str) -> Letter {
        Letter {
            id: "0f3c".to_owned(),
            body: body.to_owned(),
            sent_at: Some(at("2026-11-20T07:00:00Z")),
            receives: 4,
            attributes: BTreeMap::from([(
                "ERROR\u{1b}_CODE".to_owned(),
                "NO\u{202e}_PERMISSIONS".to_owned(),
            )]),
        }
    }

    #[test]
    fn a_hostile_body_steers_no_terminal_and_loses_nothing() {
        let now = at("2026-11-20T10:00:00Z");
        let body = "{\"name\": \"a\u{202e}b\\u001b[2J\", \"list\": [1, 2]}";
        let shown = letter(DeadQueue::Events, &poison(body), now);
        expect![[r#"
            events: 0f3c, sent 2026-11-20T07:00:00Z, 3h ago, received 4 times
              ERROR_CODE: NO_PERMISSIONS
              {
                "list": [
                  1,
                  2
                ],
                "name": "a\u{202e}b\u001b[2J"
              }"#]]
        .assert_eq(&shown);
        let shown = letter(DeadQueue::Rule, &poison("no\u{1b}[2J\njson\u{7f}"), now);
        expect![[r#"
            rule: 0f3c, sent 2026-11-20T07:00:00Z, 3h ago, received 4 times
              ERROR_CODE: NO_PERMISSIONS
              no\u{1b}[2J
              json\u{7f}"#]]
        .assert_eq(&shown);
    }

    #[test]
    fn each_queue_is_a_line_with_its_count_and_its_oldest() {
        let waiting = |visible| Waiting { visible, hidden: 0 };
        let queues = [
            (DeadQueue::Events, waiting(3), Some(at("2026-11-20T07:00:00Z"))),
            (DeadQueue::Rule, waiting(0), None),
        ];
        let shown = format!("queues\n{}", summary(&queues, at("2026-11-20T10:00:00Z")));
        expect![[r#"
            queues
             queue   messages  being looked at  oldest  sent again to
             events  3         0                3h      events
             rule    0         0                -       events"#]]
        .assert_eq(&shown);
    }
}
