//! Secrets from Secrets Manager, never from the environment.

use aws_sdk_secretsmanager::Client;

#[derive(Debug, Clone)]
pub struct Secrets {
    client: Client,
}

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("secret `{name}` could not be fetched")]
    Fetch { name: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("secret `{0}` has no text")]
    NoText(String),
}

impl Secrets {
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    pub async fn text(&self, arn: &str) -> Result<String, SecretError> {
        let sent = self.client.get_secret_value().secret_id(arn).send().await;
        let answer =
            sent.map_err(|error| SecretError::Fetch { name: arn.to_owned(), source: Box::new(error) })?;
        answer.secret_string.ok_or_else(|| SecretError::NoText(arn.to_owned()))
    }
}
