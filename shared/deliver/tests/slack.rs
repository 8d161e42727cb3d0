//! The client against a real server on the loopback address.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod server;

use deliver::{DeliveryError, Retry, Secret, SlackChannel, SlackClient, SlackConfig, Timeouts};
use render::SlackMessage;
use server::{PATIENCE, Server, answer, assert_discreet, later};
use std::io::{ErrorKind, Write as _};
use std::net::TcpListener;

const TOKEN: &str = "s3cr3tTOKEN";
const SECRETS: &[&str] = &[TOKEN, "/services"];

fn client(port: u16) -> SlackClient {
    let config = SlackConfig { host: "127.0.0.1".to_owned() };
    let webhook = Secret::new(format!("http://127.0.0.1:{port}/services/T0/B0/{TOKEN}"));
    let channel = SlackChannel::new(&config, &webhook).unwrap();
    SlackClient::new(channel, Timeouts { connect: PATIENCE, total: PATIENCE }).unwrap()
}

/// Posts to a server that answers so; the error shows no secret, wherever one looks.
async fn refused(answer: impl Into<Vec<u8>>) -> DeliveryError {
    let server = Server::answering(answer);
    let error = client(server.port).post(&message()).await.unwrap_err();
    assert_discreet(&error, SECRETS);
    server.request().await;
    error
}

#[tokio::test]
async fn a_message_arrives_as_json() {
    let server = Server::answering(answer("200 OK", "", "ok"));
    client(server.port).post(&message()).await.unwrap();
    let request = server.request().await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with(&format!("POST /services/T0/B0/{TOKEN} HTTP/1.1\r\n")), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body, serde_json::to_value(message()).unwrap());
}

#[tokio::test]
async fn a_throttled_message_waits_as_long_as_slack_says() {
    let error = refused(answer("429 Too Many Requests", "Retry-After: 7\r\n", "rate_limited")).await;
    assert!(matches!(error, DeliveryError::Throttled { .. }), "{error:?}");
    assert_eq!(error.retry(), later(Some(7)));
    let error = refused(answer("429 Too Many Requests", "", "")).await;
    assert_eq!(error.retry(), later(None));
}

#[tokio::test]
async fn a_failing_slack_is_tried_again() {
    let error = refused(answer("500 Internal Server Error", "", "rollup_error")).await;
    assert_eq!(error.to_string(), "the service is failing with status 500, `rollup_error`");
    assert_eq!(error.retry(), later(None));
    let error = refused(answer("503 Service Unavailable", "Retry-After: 20\r\n", "")).await;
    assert_eq!(error.retry(), later(Some(20)));
}

#[tokio::test]
async fn a_refused_message_is_not_sent_again() {
    for (status, word) in [("400 Bad Request", "invalid_payload"), ("410 Gone", "channel_is_archived")] {
        let error = refused(answer(status, "", word)).await;
        assert!(matches!(&error, DeliveryError::Refused { word: said, .. } if said == word), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_webhook_that_slack_does_not_know_may_be_a_rotated_secret() {
    let answers = [
        ("401 Unauthorized", "no_team"),
        ("403 Forbidden", "invalid_token"),
        ("404 Not Found", "no_service"),
    ];
    for (status, word) in answers {
        let error = refused(answer(status, "", word)).await;
        assert!(matches!(&error, DeliveryError::StaleSecret { word: said, .. } if said == word), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn an_error_page_that_quotes_the_webhook_is_not_shown() {
    let page = format!("<html>/services/T0/B0/{TOKEN} was not found</html>");
    let error = refused(answer("404 Not Found", "", &page)).await;
    assert_eq!(error.to_string(), "the service does not accept the secret: status 404, `no word`");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = elsewhere.local_addr().unwrap();
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let error = refused(answer(status, &format!("Location: http://{to}/\r\n"), "")).await;
        assert!(matches!(error, DeliveryError::Redirected { .. }), "{error:?}");
        assert_eq!(error.retry(), Retry::Never);
    }
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_slack_that_hangs_is_left_and_tried_again() {
    let error = refused(Vec::new()).await;
    assert!(matches!(error, DeliveryError::TimedOut(_)), "{error:?}");
    assert_eq!(error.retry(), later(None));
}

#[tokio::test]
async fn a_slack_that_cannot_be_reached_is_tried_again() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let error = client(port).post(&message()).await.unwrap_err();
    assert_discreet(&error, SECRETS);
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    assert_eq!(error.retry(), later(None));
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_tried_again() {
    let server = Server::doing(drop);
    let error = client(server.port).post(&message()).await.unwrap_err();
    assert_discreet(&error, SECRETS);
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    assert_eq!(error.retry(), later(None));
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
    let error = client(server.port).post(&message()).await.unwrap_err();
    assert_eq!(error.to_string(), "the service refuses the message with status 400, `no word`");
    server.request().await;
}

#[tokio::test]
async fn an_unfinished_answer_to_a_message_that_arrived_is_not_an_error() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nok");
    client(server.port).post(&message()).await.unwrap();
    server.request().await;
}

fn message() -> SlackMessage {
    let finding = server::finding();
    let (life, evidence) =
        (model::Life::born(finding.opened_at, model::Gravity::default()), model::Evidence::default());
    render::slack(&render::Story { finding: &finding, life: &life, evidence: &evidence, digest: false })
}
