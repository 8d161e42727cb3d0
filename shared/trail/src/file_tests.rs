use super::*;
use proptest::prelude::*;

const RECORD: &str = include_str!("../../../events/ec2/AuthorizeSecurityGroupIngress/ipv4-world.json");
const OTHER: &str = include_str!("../../../events/kms/RotateKey/service-event.json");

fn compact(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text).unwrap().to_string()
}

fn envelope() -> String {
    let record = compact(RECORD);
    format!(
        r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","account":"111122223333","region":"eu-west-3","detail":{record}}}"#
    )
}

/// One line for each record: its number, its header, what parsing says.
fn read(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let shown = |entry: Entry<'_>| {
        let header = entry.header().map_or("?", |header| header.event_name);
        let parsed = entry.parse().map_or_else(|error| error.to_string(), |change| change.event.name);
        format!("{} {header}: {parsed}", entry.number)
    };
    entries(bytes.as_ref()).map(shown).collect()
}

const GOOD: &str = "AuthorizeSecurityGroupIngress: AuthorizeSecurityGroupIngress";
const GOOD_TOO: &str = "RotateKey: RotateKey";

fn good(number: usize) -> String {
    format!("{number} {GOOD}")
}

fn good_too(number: usize) -> String {
    format!("{number} {GOOD_TOO}")
}

#[test]
fn one_record_or_one_envelope_is_a_file_pretty_or_compact() {
    for text in [RECORD.to_owned(), compact(RECORD), envelope(), format!("\u{feff}\n {RECORD}\n\n")] {
        assert_eq!(read(&text), [good(1)], "{text}");
    }
    let pretty: serde_json::Value = serde_json::from_str(&envelope()).unwrap();
    assert_eq!(read(serde_json::to_string_pretty(&pretty).unwrap()), [good(1)]);
}

#[test]
fn a_log_file_holds_its_records_in_a_list() {
    let (one, two) = (compact(RECORD), compact(OTHER));
    for text in [
        format!(r#"{{"Records":[{one},{two}]}}"#),
        format!("{{ \"Records\" : [\n{RECORD},\n{OTHER}\n]\n}}\n"),
        format!("{{\"Records\":[\n{one},\n{two}]}}"),
        format!(r#"{{"version":1,"Records":[{one},{two}],"more":{{"a":["}}"]}}}}"#),
        format!("[{one},{two}]"),
        format!("[\n  {RECORD},\n  {OTHER}\n]"),
    ] {
        assert_eq!(read(&text), [good(1), good_too(2)], "{text}");
    }
    assert_eq!(read(r#"{"Records":[]}"#), [] as [String; 0]);
}

#[test]
fn lines_are_records_envelopes_or_log_files() {
    let (one, two) = (compact(RECORD), compact(OTHER));
    assert_eq!(read(format!("{one}\n{}\r\n\n{two}", envelope())), [good(1), good(2), good_too(3)]);
    assert_eq!(read(format!("{{\"Records\":[{one},{two}]}}\n{one}\n")), [good(1), good_too(2), good(3)]);
    assert_eq!(
        read(format!("{{\"Records\":[{one}]}}{{\"Records\":[{two}]}}{one}")),
        [good(1), good_too(2), good(3)]
    );
    assert_eq!(read(format!("{RECORD}{OTHER}")), [good(1), good_too(2)]);
    assert_eq!(read(format!("{one}\n{RECORD}\n{two}")), [good(1), good(2), good_too(3)]);
}

#[test]
fn a_bad_line_spoils_no_other() {
    let (one, two) = (compact(RECORD), compact(OTHER));
    let cut = one.get(..400).unwrap();
    for bad in ["not json", cut, "{\"a\": tru}", "\"text\"", "{\"a\":\"x", "{", "{\"a\":{"] {
        for (text, number) in [
            (format!("{bad}\n{one}\n{two}\n"), 1),
            (format!("{one}\n{bad}\n{two}\n"), 2),
            (format!("{one}\n{two}\n{bad}"), 3),
        ] {
            let read = read(&text);
            assert_eq!(read.len(), 3, "{text}: {read:?}");
            assert_eq!(
                read.iter().filter(|line| line.ends_with(GOOD) || line.ends_with(GOOD_TOO)).count(),
                2
            );
            assert!(read[number - 1].starts_with(&format!("{number} ")));
        }
    }
}

#[test]
fn a_bad_record_in_a_log_file_spoils_no_other() {
    let (one, two) = (compact(RECORD), compact(OTHER));
    for (bad, said) in [
        ("null", "top level: expected an object, found nothing"),
        ("17", "top level: expected an object, found a number"),
        ("\"}],{\"", "top level: expected an object, found a text"),
        ("{}", "eventTime: expected a text, found nothing"),
        (r#"{"a":1,"a":2}"#, "top level: the key `a` is there twice"),
        (r#"{"a":tru}"#, "a: not JSON: expected ident at line 1 column 9"),
        (r#"{"a":1,"Records":[{}]}"#, "eventTime: expected a text, found nothing"),
    ] {
        let text = format!(r#"{{"Records":[{one},{bad},{two}]}}"#);
        assert_eq!(read(&text), [good(1), format!("2 ?: {said}"), good_too(3)], "{bad}");
    }
}

#[test]
fn what_a_truncated_file_still_holds_is_read_and_the_cut_is_told() {
    let one = compact(RECORD);
    let whole = format!(r#"{{"Records":[{one},{one}]}}"#);
    let cut = read(whole.get(..whole.len() - 40).unwrap());
    assert_eq!(cut.len(), 2);
    assert_eq!(cut[0], good(1));
    assert!(cut[1].contains("not JSON: EOF while parsing"), "{}", cut[1]);
    let eof = "2 ?: top level: not JSON: EOF while parsing a value at line 1 column 0".to_owned();
    for between in [
        format!(r#"{{"Records":[{one}"#),
        format!(r#"{{"Records":[{one}, "#),
        format!(r#"{{"Records":[{one}]"#),
        format!("[{one}"),
    ] {
        assert_eq!(read(&between), [good(1), eof.clone()], "{between}");
    }
}

#[test]
fn what_is_no_cloudtrail_is_one_bad_record_and_nothing_is_none() {
    assert_eq!(read("hello\nworld\nthere"), ["1 ?: top level: not JSON: expected value at line 1 column 1"]);
    assert_eq!(read(b"\x1f\x8b\x08\x00{}").len(), 1);
    assert_eq!(read(""), [] as [String; 0]);
    assert_eq!(read(" \n\n "), [] as [String; 0]);
}

#[test]
fn the_header_is_the_records_own_and_not_one_of_its_fields() {
    let header = |text: &str| {
        let entry = entries(text.as_bytes()).next().unwrap();
        entry.header().map(|Header { event_source, event_name }| format!("{event_source} {event_name}"))
    };
    let text = r#"{"x":{"eventName":"Inner","eventSource":"inner"},"y":"\",\"eventName\":\"No\"","eventSource" : "ec2.amazonaws.com","eventName":"Outer","z":[{"eventName":"Last"}]}"#;
    assert_eq!(header(text).as_deref(), Some("ec2.amazonaws.com Outer"));
    assert_eq!(header(r#"{"eventSource":"a","eventName":"b","eventName":"c"}"#), None);
    assert_eq!(header(r#"{"eventSource":"a","eventName":"b\u0063"}"#), None);
    assert_eq!(header(r#"{"eventSource":"a","eventName":7}"#), None);
    assert_eq!(header(r#"{"eventSource":"a"}"#), None);
}

proptest! {
    #[test]
    fn whatever_is_between_them_good_records_are_found(junk in "[^{}\\[\\]\"\n]{0,20}", spaces in "[ \n\t]{0,3}") {
        let one = compact(RECORD);
        let text = format!("{{\"Records\":[{one}{spaces},{junk},{spaces}{one}]}}");
        let good = read(&text).iter().filter(|line| line.ends_with(GOOD)).count();
        prop_assert_eq!(good, 2);
    }

    #[test]
    fn no_byte_is_in_two_entries(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ \nxRecords".to_vec()), 0..60)) {
        let mut last = bytes.as_ptr_range().start;
        for (at, entry) in entries(&bytes).enumerate() {
            prop_assert_eq!(entry.number, at + 1);
            let range = entry.bytes().as_ptr_range();
            prop_assert!(last <= range.start && range.end <= bytes.as_ptr_range().end);
            last = range.end;
        }
    }
}
