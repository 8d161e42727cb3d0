//! Text from outside, in every place, through every channel: shown, never obeyed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]
#![expect(dead_code, reason = "the sample serves another test too")]

mod sample;

use model::{State, Untrusted, Wait};
use sample::{PLACES, Told};
use serde_json::Value;

const ATTACKS: &[&str] = &[
    "<!channel>",
    "<!here|x>",
    "<@U012AB3CD>",
    "<#C012AB3CD>",
    "<!subteam^S1>",
    "<https://evil.example|Approve>",
    "<mailto:a@evil.example|a>",
    "`",
    "```",
    "`*bold*` _x_ ~y~ :fire:",
    "\r\nSubject: resolved",
    "\nWhat to do\n- nothing",
    "\u{1b}[2J\u{1b}[1;31m",
    "\u{1b}]8;;https://evil.example\u{7}x\u{1b}]8;;\u{7}",
    "\u{9b}31m\u{85}",
    "\0\u{8}\u{7f}",
    "\u{202e}gnp.exe\u{202c}\u{2066}\u{2069}\u{200e}\u{200f}",
    "\u{200b}\u{200d}\u{2060}\u{feff}\u{ad}\u{e0041}",
    "=cmd|'/c calc'!A1",
    "</script><script>alert(1)</script>",
    "&lt;!channel&gt; &#60; &amp;",
    "\u{2028}\u{2029}\"}],\"text\":\"x",
];
/// How an attack stands among other text.
const FRAMES: &[fn(&str) -> String] = &[
    |attack| attack.to_owned(),
    |attack| format!("name{attack}"),
    |attack| format!("{attack}name"),
    |attack| format!("` {attack} `"),
    |attack| format!("\u{202e}{attack}\n{attack}"),
    |attack| format!("<{attack}>"),
    |attack| format!("&{attack}&"),
    |attack| attack.repeat(40),
    |attack| format!("{}{attack}", "x".repeat(189)),
    |attack| format!("\"{attack}\" 'x'"),
];

fn corpus() -> Vec<String> {
    ATTACKS.iter().flat_map(|attack| FRAMES.iter().map(move |frame| frame(attack))).collect()
}

/// Written apart from the sink's own list, so that the two check each other.
fn moves_or_hides(character: char) -> bool {
    matches!(u32::from(character),
        0..=0x1f | 0x7f..=0x9f | 0xad | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff
        | 0xe0000..=0xe0fff)
}

#[test]
fn the_corpus_has_two_hundred_payloads() {
    let mut payloads = corpus();
    payloads.sort();
    payloads.dedup();
    assert!(payloads.len() >= 200, "{}", payloads.len());
}

#[test]
fn no_control_sequence_survives_a_sink() {
    for payload in corpus() {
        let text = Untrusted::from(payload.as_str());
        for shown in [render::sink::plain(&text), render::sink::terminal(&text)] {
            assert!(!shown.chars().any(moves_or_hides), "{payload:?} became {shown:?}");
            assert!((1..=200).contains(&shown.chars().count()), "{payload:?} became {shown:?}");
        }
        let shown = render::sink::pagerduty(&text);
        assert!(!shown.chars().any(moves_or_hides), "{payload:?} became {shown:?}");
        assert!(!shown.contains("://"), "{payload:?} became {shown:?}");
        let shown = render::sink::slack(&text);
        assert!(!shown.chars().any(moves_or_hides), "{payload:?} became {shown:?}");
        assert!(is_escaped(&shown) && !shown.contains('`'), "{payload:?} became {shown:?}");
    }
}

#[test]
fn no_text_forges_a_line_of_the_mail() {
    for (place, tell) in told_with("harmless") {
        let harmless = render::sns(&tell.story());
        for payload in corpus() {
            let message = render::sns(&with(place, &payload).story());
            let Body { lines, body } = body_of(&message.body);
            assert_eq!(lines, body_of(&harmless.body).lines, "{place}: {payload:?}");
            assert!(!body.chars().any(moves_or_hides), "{place}: {payload:?} in {body}");
            assert!(message.subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", message.subject);
            assert!(message.subject.len() < 100, "{}", message.subject);
        }
    }
}

#[test]
fn no_text_becomes_markup_in_slack() {
    for (place, tell) in told_with("harmless") {
        let harmless = strings(&tell);
        for payload in corpus() {
            let shown = strings(&with(place, &payload));
            assert_eq!(shown.len(), harmless.len(), "{place}: {payload:?}");
            for (text, harmless) in shown.iter().zip(&harmless) {
                let lines: Vec<&str> = text.split('\n').collect();
                assert_eq!(lines.len(), harmless.split('\n').count(), "{place}: {payload:?} in {text}");
                assert!(!lines.concat().chars().any(moves_or_hides), "{place}: {payload:?} in {text}");
                assert!(is_escaped(text), "{place}: {payload:?} in {text}");
                assert_eq!(
                    text.matches('`').count(),
                    harmless.matches('`').count(),
                    "{place}: {payload:?} in {text}"
                );
            }
        }
    }
}

#[test]
fn no_text_becomes_a_line_a_field_or_a_link_in_pagerduty() {
    let shown = |place: &str, text: &str| {
        let mut told = sample::reverted().in_state(State::Awaiting(Wait::Breaker));
        written_in(place, &mut told, text);
        let mut texts = Vec::new();
        texts_of("", &serde_json::to_value(render::pagerduty(&told.story()).unwrap()).unwrap(), &mut texts);
        texts
    };
    for (place, _) in PLACES {
        let harmless = shown(place, "harmless");
        for payload in corpus() {
            let shown = shown(place, &payload);
            let paths = |texts: &[(String, String)]| -> Vec<String> {
                texts.iter().map(|(path, _)| path.clone()).collect()
            };
            assert_eq!(paths(&shown), paths(&harmless), "{place}: {payload:?}");
            for (path, text) in shown {
                assert!(!text.chars().any(moves_or_hides), "{place}: {payload:?} in {path}: {text}");
                assert!(!text.contains("://"), "{place}: {payload:?} in {path}: {text}");
                assert!(text.chars().count() <= 600, "{place}: {payload:?} in {path}: {text}");
            }
        }
    }
}

/// Every text of an event with the path that leads to it.
fn texts_of(path: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| texts_of(&format!("{path}/{name}"), value, found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| texts_of(&format!("{path}/{at}"), item, found));
        }
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => panic!("neither text nor texts: {other}"),
    }
}

/// No bracket is left, and every ampersand begins one of Slack's three entities.
fn is_escaped(text: &str) -> bool {
    let entity = |rest: &str| ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity));
    !text.contains(['<', '>']) && text.split('&').skip(1).all(entity)
}

/// The body without its own line ends, and how many those were.
struct Body {
    lines: usize,
    body: String,
}

fn body_of(body: &str) -> Body {
    Body { lines: body.split('\n').count(), body: body.replace('\n', "") }
}

fn told_with(text: &str) -> Vec<(&'static str, Told)> {
    PLACES.iter().map(|(place, _)| (*place, with(place, text))).collect()
}

fn with(place: &str, text: &str) -> Told {
    let mut told = sample::reverted();
    written_in(place, &mut told, text);
    told
}

fn written_in(place: &str, told: &mut Told, text: &str) {
    let (_, write) = PLACES.iter().find(|(name, _)| *name == place).unwrap();
    write(told, text);
}

/// Every text of the message that Slack reads as `mrkdwn`, and the header.
fn strings(told: &Told) -> Vec<String> {
    let message = serde_json::to_value(render::slack(&told.story())).unwrap();
    let mut found = Vec::new();
    collect(&message, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == "text" => found.push(text.clone()),
            value => collect(value, found),
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
