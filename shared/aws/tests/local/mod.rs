//! The local AWS that `make setup` installs, on a port of its own.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "each test file uses the part that it needs"
)]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub struct LocalAws {
    process: Child,
    port: u16,
}

impl LocalAws {
    pub fn start() -> Self {
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

    pub fn config(&self) -> SdkConfig {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        let config = config.http_client(aws_smithy_http_client::Builder::new().build_http());
        let credentials = Credentials::new("test", "test", None, None, "test");
        let config = config.credentials_provider(SharedCredentialsProvider::new(credentials));
        let config = config.region(Region::new("eu-west-3"));
        config.endpoint_url(format!("http://127.0.0.1:{}", self.port)).build()
    }

    /// Its ledger, with the work index as in the template.
    pub async fn table(&self) -> Client {
        let client = Client::new(&self.config());
        let key = |name: &str, kind| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
        };
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let text = |name| attribute(name, ScalarAttributeType::S);
        let work = GlobalSecondaryIndex::builder().index_name("work");
        let work = work.key_schema(key("work", KeyType::Hash)).key_schema(key("due_at", KeyType::Range));
        let keys = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let work = work.projection(keys).build().unwrap();
        for _ in 0..100 {
            let made = client.create_table().table_name("ledger").billing_mode(BillingMode::PayPerRequest);
            let made = made.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
            let made = made.attribute_definitions(text("pk")).attribute_definitions(text("sk"));
            let made = made.attribute_definitions(text("work"));
            let made = made.attribute_definitions(attribute("due_at", ScalarAttributeType::N));
            let made = made.global_secondary_indexes(work.clone());
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
