//! The SNS topic: mail, and whatever else subscribes.

use aws_sdk_sns::Client;
use aws_sdk_sns::types::MessageAttributeValue;
use engine::{Channel, ChannelError};
use render::Story;

#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    arn: String,
}

impl Topic {
    pub fn new(client: Client, arn: String) -> Self {
        Self { client, arn }
    }
}

impl Channel for Topic {
    fn name(&self) -> &'static str {
        "sns"
    }

    /// Finding and version travel as attributes, so that a subscriber can tell a repetition.
    async fn send(&self, story: &Story<'_>) -> Result<(), ChannelError> {
        let message = render::sns(story);
        let text = |value: String| {
            let attribute = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            attribute.map_err(|error| ChannelError::Refused(Box::new(error)))
        };
        let publish =
            self.client.publish().topic_arn(&self.arn).subject(message.subject).message(message.body);
        let publish = publish
            .message_attributes("finding", text(story.finding.id.to_string())?)
            .message_attributes("version", text(story.life.version.to_string())?)
            .message_attributes("severity", text(story.finding.severity().to_string())?);
        let sent = publish.send().await;
        sent.map(drop).map_err(|error| ChannelError::Later { after: None, source: Box::new(error) })
    }
}
