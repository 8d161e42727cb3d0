use super::*;
use expect_test::{Expect, expect};

const KEY: &str = "0123456789abcdefABCDEF0123456789";

fn check(host: &str, key: &str, expect: &Expect) {
    let channel = PagerDutyChannel::new(&PagerDutyConfig { host: host.to_owned() }, &Secret::new(key));
    expect.assert_eq(&channel.map_or_else(|problem| problem.to_string(), |channel| channel.url.to_string()));
}

#[test]
fn the_configured_host_over_tls_is_posted_to() {
    let default = PagerDutyConfig::default().host;
    check(&default, KEY, &expect!["https://events.pagerduty.com/v2/enqueue"]);
    check("events.eu.pagerduty.com", KEY, &expect!["https://events.eu.pagerduty.com/v2/enqueue"]);
}

#[test]
fn a_host_that_is_no_dns_name_is_refused() {
    for host in [
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "2130706433",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::1]:8080",
        "Events.pagerduty.com",
        "events.pagerduty.com.",
        "events.pagerduty.com:443",
        "events.pagerduty.com:80",
        "events.pagerduty.com/",
        "events.pagerduty.com/x?",
        "events.pagerduty.com#",
        "events.pagerduty.com@evil.example",
        "https://events.pagerduty.com",
        "events.pagerduty.com\r\n",
        " events.pagerduty.com",
        "events%2epagerduty.com",
        "127.0.0.1:x",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "127.0.0.1:+80",
        "127.0.0.1:80/x",
        "127.0.0.1:80@evil.example",
        "127.0.0.1@evil.example:80",
        "",
    ] {
        let channel = PagerDutyChannel::new(&PagerDutyConfig { host: host.to_owned() }, &Secret::new(KEY));
        assert!(matches!(channel, Err(ChannelProblem::Host(said)) if said == host), "{host}");
    }
}

#[test]
fn plain_http_is_for_the_configured_loopback_only() {
    check("127.0.0.1:4566", KEY, &expect!["http://127.0.0.1:4566/v2/enqueue"]);
    check("127.0.0.1", KEY, &expect!["http://127.0.0.1/v2/enqueue"]);
}

#[test]
fn a_key_of_another_form_is_refused_and_not_shown() {
    let host = "events.pagerduty.com";
    check(host, &format!(" {KEY}\n"), &expect!["https://events.pagerduty.com/v2/enqueue"]);
    for key in
        ["", "u+kd5BWM-NCknhB3XnYg", &KEY.replace('A', "-"), &format!("{KEY}0"), "é".repeat(16).as_str()]
    {
        check(host, key, &expect!["the integration key is not 32 letters and digits"]);
    }
}

#[test]
fn a_misspelt_key_of_the_configuration_is_refused() {
    let read = |json: &str| serde_json::from_str::<PagerDutyConfig>(json);
    assert_eq!(read("{}").unwrap(), PagerDutyConfig::default());
    assert!(read(r#"{"hosts": "x"}"#).is_err());
}

#[test]
fn neither_channel_nor_client_shows_the_key() {
    let channel = PagerDutyChannel::new(&PagerDutyConfig::default(), &Secret::new(KEY)).unwrap();
    assert!(!format!("{channel:?}").contains(KEY));
    let client = PagerDutyClient::new(channel, Timeouts::default()).unwrap();
    expect!["PagerDutyClient { poster: Poster, key: Secret }"].assert_eq(&format!("{client:?}"));
}

#[test]
fn only_the_names_of_fields_are_kept_of_an_answer() {
    let check = |body: &str, expect: &Expect| {
        let Said { word, stale } = said(body.as_bytes());
        expect.assert_eq(&format!("{word}, stale {stale}"));
    };
    check(
        r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.severity' is invalid (must be one of critical, warning, error, info)"]}"#,
        &expect!["payload severity, stale false"],
    );
    check(
        r#"{"status":"invalid event","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}"#,
        &expect!["routing_key, stale true"],
    );
    check("Invalid routing key", &expect!["routing_key, stale true"]);
    check(&format!("<html>{KEY} resources classes</html>"), &expect!["no field, stale false"]);
    check("", &expect!["no field, stale false"]);
    check("\u{1b}[2J\u{202e}", &expect!["no field, stale false"]);
}
