//! What an answer that is not a success says.

use crate::DeliveryError;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode};

/// What is read of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest that a queue can delay a message.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Slack's words are shorter.
const WORD_BYTES_MAX: usize = 60;

pub(crate) async fn refusal(answer: Response) -> DeliveryError {
    let (status, after) = (answer.status(), after(answer.headers()));
    let code = status.as_u16();
    if status.is_redirection() {
        return DeliveryError::Redirected { status: code };
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return DeliveryError::Throttled { after };
    }
    let word = word(&body(answer).await);
    match status {
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

/// Slack answers with one word. Anything else is not shown: an error page may quote the address.
fn word(body: &[u8]) -> String {
    let text = body.trim_ascii();
    let is_word = (1..=WORD_BYTES_MAX).contains(&text.len())
        && text.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    if is_word { String::from_utf8_lossy(text).into_owned() } else { "no word".to_owned() }
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

    #[test]
    fn only_slacks_own_words_are_shown() {
        assert_eq!(word(b"invalid_payload\n"), "invalid_payload");
        assert_eq!(
            word(b"missing_text_or_fallback_or_attachments"),
            "missing_text_or_fallback_or_attachments"
        );
        for other in
            ["", "<html>no /services/T0/B0/s3cr3t</html>", "s3cr3t", "a\nb", &"a".repeat(61), "\u{1b}[2J"]
        {
            assert_eq!(word(other.as_bytes()), "no word", "{other:?}");
        }
    }
}
