//! CloudTrail's event history: what the account did in the last ninety days, whether or not an event told of it.

use crate::fault::says;
use crate::sessions::Sessions;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsError;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use engine::{Cursor, Page, TrailError, TrailLog};
use jiff::Timestamp;
use model::AccountId;

/// `LookupEvents` gives no more.
const PAGE: i32 = 50;

/// The event history of the accounts that are read.
#[derive(Debug, Clone)]
pub struct EventHistory {
    sessions: Sessions,
}

impl EventHistory {
    pub fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }
}

impl TrailLog for EventHistory {
    /// Two calls a second are all that AWS allows: the caller pages, and goes on next time.
    async fn lookup(
        &self,
        account: &AccountId,
        (from, to): (Timestamp, Timestamp),
        after: Option<&Cursor>,
    ) -> Result<Page<Vec<u8>>, TrailError> {
        let client: Client = self.sessions.history(account).await;
        let changes = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::ReadOnly)
            .attribute_value("false")
            .build();
        let changes = changes.map_err(|error| TrailError::Unreachable(Box::new(error)))?;
        let ask = client
            .lookup_events()
            .lookup_attributes(changes)
            .start_time(DateTime::from_secs(from.as_second()))
            .end_time(DateTime::from_secs(to.as_second()))
            .max_results(PAGE)
            .set_next_token(after.map(|after| after.0.clone()));
        let answer = ask.send().await.map_err(fault)?;
        let next =
            answer.next_token().filter(|token| !token.is_empty()).map(|token| Cursor(token.to_owned()));
        let records = answer.events.unwrap_or_default();
        let items =
            records.into_iter().filter_map(|event| event.cloud_trail_event.map(String::into_bytes)).collect();
        Ok(Page { items, next })
    }
}

fn fault<R>(error: SdkError<LookupEventsError, R>) -> TrailError
where
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error.as_service_error().and_then(|service| service.code()) {
        Some("ThrottlingException" | "Throttling" | "RequestLimitExceeded") => {
            TrailError::Throttled(Box::new(error))
        }
        Some("AccessDeniedException" | "AccessDenied") => TrailError::Denied(Box::new(error)),
        None if says(&error, "AccessDenied") => TrailError::Denied(Box::new(error)),
        _ => TrailError::Unreachable(Box::new(error)),
    }
}
