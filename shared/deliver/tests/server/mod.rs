//! A real server on the loopback address, and what both sides of a test need.

use deliver::{DeliveryError, Retry};
use jiff::SignedDuration;
use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// Short, so that a hang costs a test little; long enough for a busy machine to answer.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1_500);

/// Takes one request, then does something with the connection; gives the request back.
pub(crate) struct Server {
    pub(crate) port: u16,
    thread: JoinHandle<String>,
}

impl Server {
    /// Answers, then holds the connection until the client leaves.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::doing(move |mut stream| {
            stream.write_all(&answer).unwrap();
            // The client may leave without reading all.
            let _ = stream.read_to_end(&mut Vec::new());
        })
    }

    /// The request it took. The runtime must go on meanwhile: it is what closes the client's connection.
    pub(crate) async fn request(self) -> String {
        tokio::task::spawn_blocking(|| self.thread.join().unwrap()).await.unwrap()
    }

    pub(crate) fn doing(act: impl FnOnce(TcpStream) + Send + 'static) -> Self {
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

pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Nothing of the secrets shows, wherever one looks.
pub(crate) fn assert_discreet(error: &DeliveryError, secrets: &[&str]) {
    let mut texts = vec![format!("{error} {error:?} {error:#?}")];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    for text in texts {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

pub(crate) fn later(seconds: Option<i64>) -> Retry {
    Retry::Later { after: seconds.map(SignedDuration::from_secs) }
}

pub(crate) fn finding() -> model::Finding {
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
        "violations": [{
            "rule": "ec2-sg-ssh-open",
            "title": "SSH opened to the internet",
            "severity": "critical",
            "asked": "revert",
            "granted": "revert",
            "message": "port 22 opened",
            "instead": "Use Session Manager.",
            "culprits": [],
        }],
        "opened_at": "2026-11-20T10:12:20Z",
    });
    serde_json::from_value(finding).unwrap()
}
