use super::*;
use crate::audience::People;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use engine::Audience as _;
use model::{Evidence, Finding, Life, State, Wait};
use render::Story;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

const OLD: &str = "00000000000000000000000000000old";
const NEW: &str = "00000000000000000000000000000new";

/// Secrets Manager and PagerDuty behind one port of the loopback. The secret's text is the next of `secrets` with each
/// fetch, the last one for ever; PagerDuty knows the key `known` alone.
struct World {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn new(secrets: &'static [&'static str], known: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            let mut fetched = 0;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&mut stream);
                let (status, body) = if request.contains("secretsmanager.GetSecretValue") {
                    let secret = secrets[fetched.min(secrets.len() - 1)];
                    fetched += 1;
                    ("200 OK", format!(r#"{{"Name": "s", "SecretString": "{secret}"}}"#))
                } else if request.contains(&format!(r#""routing_key":"{known}""#)) {
                    ("202 Accepted", r#"{"status":"success"}"#.to_owned())
                } else {
                    ("400 Bad Request", "Invalid routing key".to_owned())
                };
                seen.lock().unwrap().push(request);
                let length = body.len();
                let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}");
                stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
            }
        });
        Self { port, requests }
    }

    fn people(&self) -> People {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new("eu-west-3"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://127.0.0.1:{}", self.port));
        let secrets = Secrets::new(aws_sdk_secretsmanager::Client::from_conf(config.build()));
        let host = format!("127.0.0.1:{}", self.port);
        let pagerduty = ServiceSettings { secret: "arn".to_owned(), host };
        People::new(None, None, Some(pagerduty), &secrets)
    }

    /// How often the secret was fetched, and how often an event was posted.
    fn counts(&self) -> (usize, usize) {
        let requests = self.requests.lock().unwrap();
        let posts = requests.iter().filter(|request| request.starts_with("POST /v2/enqueue ")).count();
        (requests.len() - posts, posts)
    }
}

fn read(stream: &mut TcpStream) -> String {
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

async fn tell(people: &People, state: State) -> Result<(), ChannelError> {
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
        "undecided": [
            {"rule": "ec2-sg-ssh-open", "severity": "critical", "granted": "revert", "reason": "no field"},
        ],
        "opened_at": "2026-11-20T10:12:20Z",
    });
    let finding: Finding = serde_json::from_value(finding).unwrap();
    let life = Life { state, version: 3, ..Life::born(finding.opened_at, model::Gravity::default()) };
    let evidence = Evidence::default();
    people
        .send("pagerduty", &Story { finding: &finding, life: &life, evidence: &evidence, digest: false })
        .await
}

const WAITS: State = State::Awaiting(Wait::Breaker);

#[tokio::test]
async fn the_secret_is_fetched_once_for_many_messages() {
    let world = World::new(&[NEW], NEW);
    let people = world.people();
    assert_eq!(people.names(), ["pagerduty"]);
    for _ in 0..3 {
        tell(&people, WAITS).await.unwrap();
    }
    assert_eq!(world.counts(), (1, 3));
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_fetched_again_and_the_message_arrives() {
    let world = World::new(&[OLD, NEW], NEW);
    let people = world.people();
    tell(&people, WAITS).await.unwrap();
    assert_eq!(world.counts(), (2, 2));
    tell(&people, WAITS).await.unwrap();
    assert_eq!(world.counts(), (2, 3));
}

#[tokio::test]
async fn a_secret_that_is_not_accepted_twice_is_refused_for_good() {
    let world = World::new(&[OLD], NEW);
    let error = tell(&world.people(), WAITS).await.unwrap_err();
    assert!(matches!(error, ChannelError::Refused(_)), "{error:?}");
    assert_eq!(world.counts(), (2, 2));
    assert!(!engine::chain(&error).contains(OLD) && !format!("{error:?}").contains(OLD), "{error:?}");
}

#[tokio::test]
async fn where_there_is_nothing_to_say_nobody_is_asked() {
    let world = World::new(&[NEW], NEW);
    tell(&world.people(), State::Verifying { reads: 0, absences: 0 }).await.unwrap();
    assert_eq!(world.counts(), (0, 0));
}
