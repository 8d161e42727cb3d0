//! The client against a real server on the loopback address.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod server;

use deliver::{DeliveryError, PagerDutyChannel, PagerDutyClient, PagerDutyConfig, Retry, Secret, Timeouts};
use model::{Life, State, Wait};
use render::PagerDutyEvent;
use serde_json::{Value, json};
use server::{PATIENCE, Server, answer, assert_discreet, finding, later};
use std::io::{ErrorKind, Write as _};
use std::net::TcpListener;

const KEY: &str = "s3cr3tROUTINGkey0123456789abcdef";
const SECRETS: &[&str] = &[KEY, "/v2/"];
const ACCEPTED: &str =
    r#"{"status":"success","message":"Event processed","dedup_key":"aaaaaaaaaaaaaaaaaaaaaaaaaa"}"#;

fn client(port: u16) -> PagerDutyClient {
    let config = PagerDutyConfig { host: format!("127.0.0.1:{port}") };
    let channel = PagerDutyChannel::new(&config, &Secret::new(format!("{KEY}\n"))).unwrap();
    PagerDutyClient::new(channel, Timeouts { connect: PATIENCE, total: PATIENCE }).unwrap()
}

/// Posts to a server that answers so; the error shows no secret, wherever one looks.
async fn refused(answer: impl Into<Vec<u8>>) -> DeliveryError {
    let server = Server::answering(answer);
    let error = client(server.port).post(&event()).await.unwrap_err();
    assert_discreet(&error, SECRETS);
    server.request().await;
    error
}

/// An alert for a finding that waits for a person.
fn event() -> PagerDutyEvent {
    event_in(State::Awaiting(Wait::Breaker))
}

fn event_in(state: State) -> PagerDutyEvent {
    let finding = finding();
    let life = Life { state, version: 9, ..Life::born(finding.opened_at, model::Gravity::default()) };
    let evidence = model::Evidence::default();
    render::pagerduty(&render::Story { finding: &finding, life: &life, evidence: &evidence, digest: false })
        .unwrap()
}

#[tokio::test]
async fn an_event_arrives_with_the_key_beside_it() {
    let server = Server::answering(answer("202 Accepted", "", ACCEPTED));
    client(server.port).post(&event()).await.unwrap();
    let request = server.request().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v2/enqueue HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
    assert!(!head.contains(KEY), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    let mut expected = serde_json::to_value(event()).unwrap();
    expected.as_object_mut().unwrap().insert("routing_key".to_owned(), json!(KEY));
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_end_arrives_with_nothing_but_the_names_of_the_alert() {
    let server = Server::answering(answer("202 Accepted", "", ACCEPTED));
    client(server.port).post(&event_in(State::Reverted)).await.unwrap();
    let request = server.request().await;
    let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
    let id = "aaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(body, json!({"routing_key": KEY, "event_action": "resolve", "dedup_key": id}));
}

#[tokio::test]
async fn a_throttled_event_waits_as_long_as_pagerduty_says() {
    let error = refused(answer("429 Too Many Requests", "Retry-After: 7\r\n", "")).await;
    assert!(matches!(error, DeliveryError::Throttled { .. }), "{error:?}");
    assert_eq!(error.retry(), later(Some(7)));
    assert_eq!(refused(answer("429 Too Many Requests", "", "")).await.retry(), later(None));
}

#[tokio::test]
async fn a_failing_pagerduty_is_tried_again() {
    let error = refused(answer("500 Internal Server Error", "", "<html>oops</html>")).await;
    assert_eq!(error.to_string(), "the service is failing with status 500, `no field`");
    assert_eq!(error.retry(), later(None));
    let error = refused(answer("503 Service Unavailable", "Retry-After: 20\r\n", "")).await;
    assert_eq!(error.retry(), later(Some(20)));
}

#[tokio::test]
async fn a_refused_event_is_not_sent_again_and_names_the_field() {
    let body = r#"{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank"]}"#;
    let error = refused(answer("400 Bad Request", "", body)).await;
    assert_eq!(error.to_string(), "the service refuses the message with status 400, `payload summary`");
    assert_eq!(error.retry(), Retry::Never);
    let error = refused(answer("413 Payload Too Large", "", "")).await;
    assert!(matches!(error, DeliveryError::Refused { .. }), "{error:?}");
    assert_eq!(error.retry(), Retry::Never);
}

#[tokio::test]
async fn a_key_that_pagerduty_does_not_know_may_be_a_rotated_secret() {
    let quoting = format!("Invalid routing key {KEY}");
    for (status, body) in
        [("400 Bad Request", quoting.as_str()), ("401 Unauthorized", ""), ("403 Forbidden", "")]
    {
        let error = refused(answer(status, "", body)).await;
        assert!(matches!(error, DeliveryError::StaleSecret { .. }), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = elsewhere.local_addr().unwrap();
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = refused(answer(status, &format!("Location: http://{to}/v2/enqueue\r\n"), "")).await;
        assert!(matches!(error, DeliveryError::Redirected { .. }), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_pagerduty_that_hangs_is_left_and_tried_again() {
    let error = refused(Vec::new()).await;
    assert!(matches!(error, DeliveryError::TimedOut(_)), "{error:?}");
    assert_eq!(error.retry(), later(None));
}

#[tokio::test]
async fn a_pagerduty_that_breaks_off_or_cannot_be_reached_is_tried_again() {
    let server = Server::doing(drop);
    let broken = client(server.port).post(&event()).await.unwrap_err();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let unreachable = client(port).post(&event()).await.unwrap_err();
    for error in [broken, unreachable] {
        assert_discreet(&error, SECRETS);
        assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
        assert_eq!(error.retry(), later(None));
    }
}

/// 64 MiB, far more than sockets buffer: the server can only write it all if somebody reads it all.
#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    const BYTES: usize = 64 * 1024 * 1024;
    let server = Server::doing(|mut stream| {
        let head = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {BYTES}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        assert!(stream.write_all(&vec![b'a'; BYTES]).is_err(), "somebody read it all");
    });
    let error = client(server.port).post(&event()).await.unwrap_err();
    assert_eq!(error.to_string(), "the service refuses the message with status 400, `no field`");
    server.request().await;
}
