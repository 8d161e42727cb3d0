//! Sessions of our roles in the accounts that are guarded.

use crate::roles::{RoleArn, history, narrowed, reading};
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_ec2::config::SharedCredentialsProvider;
use engine::Session;
use model::{AccountId, Resource, Step};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// STS's shortest session.
const SESSION: Duration = Duration::from_mins(15);

/// Makes clients that act as one role, which every guarded account has under the same name.
#[derive(Debug, Clone)]
pub struct Sessions {
    config: SdkConfig,
    role: RoleArn,
    /// Clients that can only read; their sessions are kept until they end.
    readers: Arc<Mutex<BTreeMap<AccountId, aws_sdk_ec2::Client>>>,
}

impl Sessions {
    /// `role`: the one of the guard's own account. `None` when it is no role's ARN.
    pub fn new(config: SdkConfig, role: &str) -> Option<Self> {
        let role = RoleArn::parse(role)?;
        Some(Self { config, role, readers: Arc::default() })
    }

    pub(crate) fn region(&self) -> String {
        self.config.region().map(ToString::to_string).unwrap_or_default()
    }

    /// A client that can only read.
    pub(crate) async fn reader(&self, account: &AccountId) -> aws_sdk_ec2::Client {
        let known = self.readers().get(account).cloned();
        if let Some(client) = known {
            return client;
        }
        let client = self.ec2(account, format!("{}observe", Session::PREFIX), reading()).await;
        self.readers().insert(account.clone(), client.clone());
        client
    }

    /// A client that can only read the trail.
    pub(crate) async fn history(&self, account: &AccountId) -> aws_sdk_cloudtrail::Client {
        let credentials = self.credentials(account, format!("{}observe", Session::PREFIX), history()).await;
        let config =
            aws_sdk_cloudtrail::config::Builder::from(&self.config).credentials_provider(credentials).build();
        aws_sdk_cloudtrail::Client::from_conf(config)
    }

    /// A client that can carry out this step, under the finding's own session name.
    pub(crate) async fn actor(
        &self,
        step: &Step,
        resource: &Resource,
        session: &Session,
    ) -> aws_sdk_ec2::Client {
        let policy = narrowed(&self.role, resource, step);
        self.ec2(&resource.account, session.name(), policy).await
    }

    async fn ec2(&self, account: &AccountId, session: String, policy: String) -> aws_sdk_ec2::Client {
        let credentials = self.credentials(account, session, policy).await;
        let config =
            aws_sdk_ec2::config::Builder::from(&self.config).credentials_provider(credentials).build();
        aws_sdk_ec2::Client::from_conf(config)
    }

    async fn credentials(
        &self,
        account: &AccountId,
        session: String,
        policy: String,
    ) -> SharedCredentialsProvider {
        let provider = AssumeRoleProvider::builder(self.role.in_account(account))
            .session_name(session)
            .session_length(SESSION)
            .policy(policy)
            .configure(&self.config)
            .build()
            .await;
        SharedCredentialsProvider::new(provider)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, BTreeMap<AccountId, aws_sdk_ec2::Client>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
