//! The ledger on DynamoDB and the ledger in memory give the same answers: otherwise what runs in memory proves nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that starts the local AWS"
)]

use aws::DynamoLedger;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use engine::{Attr, Condition, Edit, Item, Key, Ledger, Write};
use fastrand::Rng;
use sim::MemoryLedger;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ROUNDS: u32 = 600;
const TEXTS: [&str; 3] = ["OPEN", "QUEUED", ""];
/// Reserved words of DynamoDB among them.
const NAMES: [&str; 4] = ["state", "owner", "ttl", "n"];

struct LocalAws {
    process: Child,
    port: u16,
}

impl LocalAws {
    fn start() -> Self {
        let home = || PathBuf::from(std::env::var("HOME").unwrap()).join(".cache/gardefou");
        let cache = std::env::var("GARDEFOU_CACHE").map_or_else(|_| home(), PathBuf::from);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(cache.join("venv-ministack/bin/ministack"))
            .env_clear()
            .envs(["PATH", "HOME"].map(|name| (name, std::env::var(name).unwrap())))
            .envs([("BIND_HOST", "127.0.0.1"), ("IOT_MTLS_ENABLED", "0"), ("SFTP_ENABLED", "0")])
            .env("GATEWAY_PORT", port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`make setup` installs the local AWS");
        Self { process, port }
    }

    async fn table(&self) -> Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(Region::new("eu-west-3"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(format!("http://127.0.0.1:{}", self.port));
        let client = Client::from_conf(config.build());
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let text = |name: &str| {
            let attribute = AttributeDefinition::builder().attribute_name(name);
            attribute.attribute_type(ScalarAttributeType::S).build().unwrap()
        };
        for _ in 0..100 {
            let made = client.create_table().table_name("ledger").billing_mode(BillingMode::PayPerRequest);
            let made = made.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
            let made = made.attribute_definitions(text("pk")).attribute_definitions(text("sk"));
            if made.send().await.is_ok() {
                return client;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the local AWS does not answer");
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn attr(rng: &mut Rng, name: &str) -> Attr {
    match name {
        "n" => Attr::N(rng.i64(0..4)),
        "owner" => Attr::Bool(rng.bool()),
        "ttl" => Attr::List(vec![TEXTS.map(str::to_owned)[rng.usize(0..3)].clone()]),
        _ => Attr::S(TEXTS[rng.usize(0..3)].to_owned()),
    }
}

fn condition(rng: &mut Rng, depth: u32) -> Condition {
    let name = NAMES[rng.usize(0..4)];
    match rng.u32(0..if depth == 0 { 5 } else { 7 }) {
        0 => Condition::Always,
        1 => Condition::Absent,
        2 => Condition::Lacks(name),
        3 => Condition::Is(name, attr(rng, name)),
        4 => Condition::Below(name, rng.i64(0..4)),
        5 => Condition::All((0..rng.u32(1..4)).map(|_| condition(rng, depth - 1)).collect()),
        _ => Condition::Any((0..rng.u32(1..4)).map(|_| condition(rng, depth - 1)).collect()),
    }
}

fn item(rng: &mut Rng) -> Item {
    let names = NAMES.into_iter().filter(|_| rng.bool()).collect::<Vec<_>>();
    names.into_iter().map(|name| (name.to_owned(), attr(rng, name))).collect()
}

fn edit(rng: &mut Rng) -> Edit {
    match rng.u32(0..4) {
        0 => Edit::Put(item(rng)),
        1 => Edit::Delete,
        2 => Edit::Check,
        _ => {
            let mut set = item(rng);
            set.remove("n");
            let remove =
                NAMES.into_iter().filter(|name| *name != "n" && !set.contains_key(*name) && rng.bool());
            let remove = remove.collect();
            Edit::Update { set, add: vec![("n", rng.i64(1..3))], remove }
        }
    }
}

/// What a transaction needs: a check has a condition, a put one it can write down.
fn write(rng: &mut Rng, key: &Key) -> Write {
    let edit = edit(rng);
    let mut only_if = condition(rng, 2);
    while edit == Edit::Check && !asks(&only_if) {
        only_if = condition(rng, 2);
    }
    Write { key: key.clone(), edit, only_if }
}

/// DynamoDB wants a condition of a check; one that always holds is none.
fn asks(condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::All(parts) => parts.iter().any(asks),
        Condition::Any(parts) => parts.iter().all(asks),
        _ => true,
    }
}

#[tokio::test]
async fn the_ledger_on_dynamodb_and_the_ledger_in_memory_give_the_same_answers() {
    let local = LocalAws::start();
    let dynamo = DynamoLedger::new(local.table().await, "ledger".to_owned());
    let memory = MemoryLedger::default();
    let mut rng = Rng::with_seed(7);
    let keys: Vec<Key> = (0..3).map(|at| Key { pk: format!("F#{at}"), sk: "S".to_owned() }).collect();
    let (mut done, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let chosen = rng.choose_multiple(&keys, 1 + rng.clone().usize(0..3));
        let writes: Vec<Write> = chosen.into_iter().map(|key| write(&mut rng, key)).collect();
        let (real, reference) =
            (dynamo.commit(&writes).await.unwrap(), memory.commit(&writes).await.unwrap());
        assert_eq!(real, reference, "round {round}: {writes:?}");
        if real == engine::Commit::Done {
            done += 1;
        } else {
            refused += 1;
        }
        for key in &keys {
            let (real, reference) = (dynamo.read(key).await.unwrap(), memory.read(key).await.unwrap());
            assert_eq!(real, reference, "round {round}: {key:?} after {writes:?}");
        }
    }
    println!("{done} transactions written and {refused} refused, in both alike");
    assert!(done > 100 && refused > 100);
}
