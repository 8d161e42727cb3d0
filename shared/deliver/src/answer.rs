//! What an answer that is not a success says.

use crate::DeliveryError;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest that a queue can delay a message.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_mins(15);

/// What a service's own words say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// May be shown: never more than the service's own vocabulary.
    pub(crate) word: String,
    /// The secret is not known there, though the status does not say so.
    pub(crate) stale: bool,
}

pub(crate) async fn refusal(answer: Response, said: fn(&[u8]) -> Said) -> DeliveryError {
    let (status, after) = (answer.status(), after(answer.headers()));
    let code = status.as_u16();
    if status.is_redirection() {
        return DeliveryError::Redirected { status: code };
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return DeliveryError::Throttled { after };
    }
    let Said { word, stale } = said(&body(answer).await);
    match status {
        StatusCode::BAD_REQUEST if stale => DeliveryError::StaleSecret { status: code, word },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            DeliveryError::StaleSecret { status: code, word }
        }
        _ if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            DeliveryError::Failing { status: code, word, after }
        }
        _ => DeliveryError::Refused { status: code, word },
    }
}

/// The body's beginning. The status has decided already: a body that breaks off only costs its words.
async fn body(mut answer: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= ANSWER_BYTES_MAX {
            body.truncate(ANSWER_BYTES_MAX);
            break;
        }
    }
    body
}

/// `Retry-After`: seconds, or a date, which is compared with the answer's own date so that no clock is needed.
fn after(headers: &HeaderMap) -> Option<SignedDuration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok().map(str::trim);
    let date =
        |text: &str| -> Option<Timestamp> { rfc2822::DateTimeParser::new().parse_timestamp(text).ok() };
    let wanted = text(RETRY_AFTER)?;
    let wait = if !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        wanted.parse().map_or(RETRY_AFTER_MAX, SignedDuration::from_secs)
    } else {
        date(wanted)?.duration_since(date(text(DATE)?)?)
    };
    Some(wait.clamp(SignedDuration::ZERO, RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn wait(pairs: &[(&'static str, &'static str)], expect: &Expect) {
        let name = |name: &'static str| HeaderName::from_static(name);
        let headers = pairs.iter().map(|(key, value)| (name(key), value.parse().unwrap())).collect();
        expect
            .assert_eq(&after(&headers).map_or("nothing".to_owned(), |wait| format!("{} s", wait.as_secs())));
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        const DATE: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        wait(&[("retry-after", "30")], &expect!["30 s"]);
        wait(&[("retry-after", " 0 ")], &expect!["0 s"]);
        wait(&[("retry-after", "86400")], &expect!["900 s"]);
        wait(&[("retry-after", "99999999999999999999999")], &expect!["900 s"]);
        wait(&[DATE, ("retry-after", "Wed, 21 Oct 2026 07:28:45 GMT")], &expect!["45 s"]);
        wait(&[DATE, ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT")], &expect!["0 s"]);
        wait(&[DATE, ("retry-after", "Thu, 22 Oct 2026 07:28:00 GMT")], &expect!["900 s"]);
        wait(&[("retry-after", "Wed, 21 Oct 2026 07:28:45 GMT")], &expect!["nothing"]);
        wait(&[DATE, ("retry-after", "soon")], &expect!["nothing"]);
        wait(&[("retry-after", "-5")], &expect!["nothing"]);
        wait(&[DATE], &expect!["nothing"]);
    }
}
