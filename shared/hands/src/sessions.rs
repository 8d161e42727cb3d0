//! Sessions of the acting role.

use crate::roles::{RoleArn, narrowed, reading};
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use engine::Session;
use model::{Resource, Step};
use std::time::Duration;

/// STS's shortest session.
const SESSION: Duration = Duration::from_mins(15);

/// Makes EC2 clients that act as the acting role.
#[derive(Debug, Clone)]
pub struct Sessions {
    config: SdkConfig,
    role: RoleArn,
    reader: aws_sdk_ec2::Client,
}

impl Sessions {
    /// `None` when `role` is no role's ARN.
    pub async fn new(config: SdkConfig, role: &str) -> Option<Self> {
        let role = RoleArn::parse(role)?;
        let reader = client(&config, &role, format!("{}observe", Session::PREFIX), reading()).await;
        Some(Self { config, role, reader })
    }

    /// The role is in one account: other accounts have theirs.
    pub(crate) fn covers(&self, resource: &Resource) -> bool {
        self.role.account == resource.account.as_str()
    }

    /// A client that can only read. Its session is kept until it ends.
    pub(crate) fn reader(&self) -> &aws_sdk_ec2::Client {
        &self.reader
    }

    /// A client that can carry out this step, under the finding's own session name.
    pub(crate) async fn actor(
        &self,
        step: &Step,
        resource: &Resource,
        session: &Session,
    ) -> aws_sdk_ec2::Client {
        client(&self.config, &self.role, session.name(), narrowed(&self.role, resource, step)).await
    }
}

async fn client(config: &SdkConfig, role: &RoleArn, session: String, policy: String) -> aws_sdk_ec2::Client {
    let provider = AssumeRoleProvider::builder(&role.arn)
        .session_name(session)
        .session_length(SESSION)
        .policy(policy)
        .configure(config)
        .build()
        .await;
    let config = aws_sdk_ec2::config::Builder::from(config).credentials_provider(provider).build();
    aws_sdk_ec2::Client::from_conf(config)
}
