//! The client against a real server on the loopback address.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use deliver::{DeliveryError, Retry, Secret, SlackChannel, SlackClient, SlackConfig, Timeouts};
use jiff::SignedDuration;
use render::SlackMessage;
use std::error::Error as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

const TOKEN: &str = "s3cr3tTOKEN";
/// Short, so that a hang costs a test little; long enough for a busy machine to answer.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Takes one request, then does something with the connection; gives the request back.
struct Server {
    port: u16,
    thread: JoinHandle<String>,
}

impl Server {
    /// Answers, then holds the connection until the client leaves.
    fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::doing(move |mut stream| {
            stream.write_all(&answer).unwrap();
            // The client may leave without reading all.
            let _ = stream.read_to_end(&mut Vec::new());
        })
    }

    /// The request it took. The runtime must go on meanwhile: it is what closes the client's connection.
    async fn request(self) -> String {
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap()
    }

    fn doing(act: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = request(&mut stream);
            act(stream);
            request
        });
        Self { port, thread }
    }
}

/// The request's text, head and body.
fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        text.extend_from_slice(&byte);
    }
    let head = String::from_utf8(text).unwrap();
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:")).unwrap_or("0");
    let mut body = vec![0; length.trim().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

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
    assert_discreet(&error);
    server.request().await;
    error
}

fn assert_discreet(error: &DeliveryError) {
    let mut texts = vec![format!("{error} {error:?} {error:#?}")];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    for text in texts {
        assert!(!text.contains(TOKEN) && !text.contains("/services"), "{text}");
    }
}

fn later(seconds: Option<i64>) -> Retry {
    Retry::Later { after: seconds.map(SignedDuration::from_secs) }
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
    assert_eq!(error.to_string(), "Slack is failing with status 500, `rollup_error`");
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
    assert_eq!(error.to_string(), "Slack does not accept the webhook: status 404, `no word`");
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
    assert_discreet(&error);
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    assert_eq!(error.retry(), later(None));
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_tried_again() {
    let server = Server::doing(drop);
    let error = client(server.port).post(&message()).await.unwrap_err();
    assert_discreet(&error);
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
    assert_eq!(error.to_string(), "Slack refuses the message with status 400, `no word`");
    server.request().await;
}

#[tokio::test]
async fn an_unfinished_answer_to_a_message_that_arrived_is_not_an_error() {
    let server = Server::answering("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nok");
    client(server.port).post(&message()).await.unwrap();
    server.request().await;
}

fn message() -> SlackMessage {
    let finding = serde_json::json!({
        "id": "aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "resource": {"account": "111122223333", "region": "eu-west-3", "service": "ec2", "id": "sg-0a1"},
        "cause": {"event": {
            "id": "6f1d4f2c-0b1e-4c5d-9a3b-2f6a7c8d9e0f",
            "source": "ec2.amazonaws.com",
            "name": "AuthorizeSecurityGroupIngress",
            "time": "2026-11-20T10:12:13Z",
        }},
        "actor": {"kind": "role", "name": "deployer/zoe"},
        "violations": [],
        "opened_at": "2026-11-20T10:12:20Z",
    });
    let finding: model::Finding = serde_json::from_value(finding).unwrap();
    let (life, evidence) = (model::Life::born(finding.opened_at), model::Evidence::default());
    render::slack(&render::Story { finding: &finding, life: &life, evidence: &evidence })
}
