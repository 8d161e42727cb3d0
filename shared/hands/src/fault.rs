//! What AWS's refusals mean.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use engine::{ObserverError, StepError};
use std::error::Error;

/// The kinds of refusal that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Throttled,
    Denied,
    Gone,
    Rejected,
    Unanswered,
}

/// EC2's error codes, from its API reference.
fn by_code(code: &str) -> Fault {
    match code {
        "RequestLimitExceeded" | "Throttling" | "ThrottlingException" | "TooManyRequestsException" => {
            Fault::Throttled
        }
        "UnauthorizedOperation"
        | "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "OptInRequired"
        | "Blocked"
        | "InvalidClientTokenId" => Fault::Denied,
        "InvalidSecurityGroupRuleId.NotFound"
        | "InvalidPermission.NotFound"
        | "InvalidGroup.NotFound"
        | "InvalidGroupId.Malformed"
        // What was to be put back is there: to be observed again.
        | "InvalidPermission.Duplicate" => Fault::Gone,
        "InternalError" | "InternalFailure" | "ServiceUnavailable" | "Unavailable" => Fault::Unanswered,
        _ => Fault::Rejected,
    }
}

pub(crate) fn fault<E, R>(error: &SdkError<E, R>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
    SdkError<E, R>: Error,
{
    match (error.as_service_error().and_then(ProvideErrorMetadata::code), error) {
        (Some(code), _) => by_code(code),
        // The session itself was refused: the code is somewhere below.
        (None, _) if says(error, "AccessDenied") => Fault::Denied,
        (None, SdkError::ServiceError(_)) => Fault::Rejected,
        (None, _) => Fault::Unanswered,
    }
}

/// Does the error, or what caused it, name this code?
pub(crate) fn says(error: &dyn Error, code: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if format!("{error:?}").contains(code) {
            return true;
        }
        next = error.source();
    }
    false
}

pub(crate) fn step_error<E, R>(error: SdkError<E, R>) -> StepError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match fault(&error) {
        Fault::Throttled => StepError::Throttled(told(error)),
        Fault::Denied => StepError::Denied(told(error)),
        Fault::Gone => StepError::Gone(told(error)),
        Fault::Rejected => StepError::Rejected(told(error)),
        Fault::Unanswered => StepError::Unanswered(told(error)),
    }
}

pub(crate) fn observer_error<E, R>(error: SdkError<E, R>) -> ObserverError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match fault(&error) {
        Fault::Throttled => ObserverError::Throttled(told(error)),
        Fault::Denied => ObserverError::Denied(told(error)),
        Fault::Gone | Fault::Rejected | Fault::Unanswered => ObserverError::Unreachable(told(error)),
    }
}

/// Without the raw answer: code and message are what people need.
fn told<E, R>(error: SdkError<E, R>) -> Box<dyn Error + Send + Sync>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error
        .as_service_error()
        .and_then(|service| Some((service.code()?, service.message().unwrap_or_default())))
    {
        Some((code, message)) => format!("{code}: {message}").into(),
        None => Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_what_ec2_means_by_it() {
        let table = [
            ("RequestLimitExceeded", Fault::Throttled),
            ("UnauthorizedOperation", Fault::Denied),
            ("AuthFailure", Fault::Denied),
            ("InvalidSecurityGroupRuleId.NotFound", Fault::Gone),
            ("InvalidPermission.NotFound", Fault::Gone),
            ("InvalidParameterValue", Fault::Rejected),
            ("InternalError", Fault::Unanswered),
            ("SomethingNew", Fault::Rejected),
        ];
        for (code, meant) in table {
            assert_eq!(by_code(code), meant, "{code}");
        }
    }
}
