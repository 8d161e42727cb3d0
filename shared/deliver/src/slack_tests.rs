use super::*;
use expect_test::{expect, expect_file};
use std::fmt::Write as _;

fn check(webhook: &str) -> Result<SlackChannel, ChannelProblem> {
    SlackChannel::new(&SlackConfig::default(), &Secret::new(webhook))
}

/// Forms that lead elsewhere, or that another parser may read otherwise. `T0/B0/s3cr3t` is the secret.
const FORMS: &[&str] = &[
    "https://hooks.slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com:443/services/T0/B0/s3cr3t",
    " https://hooks.slack.com/services/T0/B0/s3cr3t\n",
    "http://hooks.slack.com/services/T0/B0/s3cr3t",
    "HTTPS://hooks.slack.com/services/T0/B0/s3cr3t",
    "https://HOOKS.slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com./services/T0/B0/s3cr3t",
    "https://hooks.slack.com",
    "https://hooks.slack.com/",
    "https://hooks.slack.com:80/services/T0/B0/s3cr3t",
    "https://hooks.slack.com:8443/services/T0/B0/s3cr3t",
    "https://hooks.slack.com:0/services/T0/B0/s3cr3t",
    "https://hooks.slack.com:99999/services/T0/B0/s3cr3t",
    "https://hooks.slack.com:443@evil.example/services/T0/B0/s3cr3t",
    "https://user@hooks.slack.com/services/T0/B0/s3cr3t",
    "https://user:password@hooks.slack.com/services/T0/B0/s3cr3t",
    "https://@hooks.slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com@evil.example/services/T0/B0/s3cr3t",
    "https://evil.example@hooks.slack.com/services/T0/B0/s3cr3t",
    "https://evil.example#@hooks.slack.com/services/T0/B0/s3cr3t",
    "https://evil.example/hooks.slack.com/services/T0/B0/s3cr3t",
    "https://evil.example?hooks.slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com.evil.example/services/T0/B0/s3cr3t",
    "https://evilhooks.slack.com/services/T0/B0/s3cr3t",
    "https://sub.hooks.slack.com/services/T0/B0/s3cr3t",
    "https://slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.co/services/T0/B0/s3cr3t",
    "https://hooks-slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com\\@evil.example/services/T0/B0/s3cr3t",
    "https:\\\\hooks.slack.com\\services\\T0\\B0\\s3cr3t",
    "https:/hooks.slack.com/services/T0/B0/s3cr3t",
    "https:hooks.slack.com/services/T0/B0/s3cr3t",
    "https:///hooks.slack.com/services/T0/B0/s3cr3t",
    "https://h%6foks.slack.com/services/T0/B0/s3cr3t",
    "https://hooks%2eslack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com%2f@evil.example/s3cr3t",
    "https://hooks。slack。com/services/T0/B0/s3cr3t",
    "https://hooks.slаck.com/services/T0/B0/s3cr3t",
    "https://xn--hooks-slck-kfg.com/services/T0/B0/s3cr3t",
    "https://ｈooks.slack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com/services/T0/B0/s3cr3t\r\nHost: evil.example",
    "https://hooks.sl\tack.com/services/T0/B0/s3cr3t",
    "https://hooks.slack.com/services/T0/B0/s3cr3t?to=evil",
    "https://hooks.slack.com/services/T0/B0/s3cr3t#fragment",
    "https://127.0.0.1/s3cr3t",
    "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "http://localhost:2773/secretsmanager/get?secretId=x",
    "https://localhost/s3cr3t",
    "https://2130706433/s3cr3t",
    "https://0x7f000001/s3cr3t",
    "https://0177.0.0.1/s3cr3t",
    "https://127.1/s3cr3t",
    "https://0/s3cr3t",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/s3cr3t",
    "https://[::ffff:127.0.0.1]/s3cr3t",
    "https://[::ffff:a9fe:a9fe]/s3cr3t",
    "https://[fd00:ec2::254]/s3cr3t",
    "https://10.0.0.1/s3cr3t",
    "https://100.64.0.1/s3cr3t",
    "ftp://hooks.slack.com/services/T0/B0/s3cr3t",
    "file:///etc/passwd",
    "data:text/plain,s3cr3t",
    "//hooks.slack.com/services/T0/B0/s3cr3t",
    "hooks.slack.com/services/T0/B0/s3cr3t",
    "",
];

#[test]
fn only_slacks_host_over_tls_passes() {
    let mut table = String::new();
    for form in FORMS {
        let verdict = check(form).map_or_else(|problem| problem.to_string(), |_| "passes".to_owned());
        assert!(!verdict.contains("s3cr3t"), "{verdict}");
        writeln!(table, "{form:?}\n    {verdict}").unwrap();
    }
    assert!(FORMS.len() >= 60);
    expect_file!["../tests/webhooks.txt"].assert_eq(&table);
    let passing: Vec<_> = FORMS.iter().filter_map(|form| check(form).ok()).collect();
    assert_eq!(passing.len(), 3);
    let urls = passing.iter().map(|channel| channel.url.as_str());
    assert!(urls.eq(["https://hooks.slack.com/services/T0/B0/s3cr3t"; 3]));
}

#[test]
fn another_host_must_be_configured_as_a_dns_name() {
    let passes = |host: &str| {
        let config = SlackConfig { host: host.to_owned() };
        SlackChannel::new(&config, &Secret::new(format!("https://{host}/services/s3cr3t"))).is_ok()
    };
    assert!(passes("hooks.slack-gov.com"));
    let refused = [
        "localhost",
        "10.0.0.1",
        "[::1]",
        "Hooks.slack.com",
        "hooks.slack.com.",
        "a..b",
        "-a.com",
        "a@b.com",
        "",
    ];
    for host in refused {
        assert!(!passes(host), "{host}");
    }
}

#[test]
fn plain_http_is_for_the_configured_loopback_only() {
    let config = SlackConfig { host: "127.0.0.1".to_owned() };
    let passes = |webhook: &str| SlackChannel::new(&config, &Secret::new(webhook)).is_ok();
    assert!(passes("http://127.0.0.1:4566/hook"));
    for other in [
        "https://hooks.slack.com/services/T0",
        "http://127.0.0.2:4566/hook",
        "http://localhost:4566/hook",
        "http://2130706433:4566/hook",
        "http://127.1:4566/hook",
        "http://user@127.0.0.1:4566/hook",
        "http://127.0.0.1:4566/",
    ] {
        assert!(!passes(other), "{other}");
    }
}

#[test]
fn a_misspelt_key_of_the_configuration_is_refused() {
    let read = |json: &str| serde_json::from_str::<SlackConfig>(json);
    assert_eq!(read("{}").unwrap(), SlackConfig::default());
    assert!(read(r#"{"hosts": "x"}"#).is_err());
}

#[test]
fn neither_channel_nor_client_shows_the_webhook() {
    let channel = check(FORMS[0]).unwrap();
    expect!["SlackChannel { loopback: false, .. }"].assert_eq(&format!("{channel:?}"));
    let client = SlackClient::new(channel, Timeouts::default()).unwrap();
    assert!(!format!("{client:?}").contains("s3cr3t"));
}

#[test]
fn only_slacks_own_words_are_shown() {
    assert_eq!(said(b"invalid_payload\n").word, "invalid_payload");
    assert_eq!(
        said(b"missing_text_or_fallback_or_attachments").word,
        "missing_text_or_fallback_or_attachments"
    );
    for other in
        ["", "<html>no /services/T0/B0/s3cr3t</html>", "s3cr3t", "a\nb", &"a".repeat(61), "\u{1b}[2J"]
    {
        assert_eq!(said(other.as_bytes()).word, "no word", "{other:?}");
    }
}
