//! Times as people read and write them. Pure: now is given.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Units of a length of time, the longest first.
const UNITS: [(char, i64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// A point in time that a person named: itself, or by how far it is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(Timestamp),
    Away(SignedDuration),
}

impl When {
    pub(crate) fn from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Away(length) => now.checked_add(length).unwrap_or(Timestamp::MAX),
        }
    }

    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Away(length) => now.checked_sub(length).unwrap_or(Timestamp::MIN),
        }
    }
}

/// `2026-12-31` (its midnight in UTC), `2026-12-31T12:00:00Z`, or `30d`.
pub(crate) fn when(text: &str) -> Result<When, String> {
    let day = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let at = text.parse().ok().or_else(|| text.parse().ok().and_then(day));
    at.map(When::At)
        .or_else(|| length(text).ok().map(When::Away))
        .ok_or_else(|| "a day (2026-12-31), a time (2026-12-31T12:00:00Z) or a length (30d, 12h)".to_owned())
}

/// `90m`, `4h`, `30d`, `2w`.
pub(crate) fn length(text: &str) -> Result<SignedDuration, String> {
    let read = || {
        let (_, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
        let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
        i64::from(number).checked_mul(seconds).filter(|seconds| *seconds > 0)
    };
    read()
        .map(SignedDuration::from_secs)
        .ok_or_else(|| "a length of time is written 90m, 4h, 30d or 2w".to_owned())
}

/// To the second, in UTC.
pub(crate) fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// In the longest unit that fits, weeks left out: `45s`, `12m`, `3h`, `12d`.
pub(crate) fn short(length: SignedDuration) -> String {
    let seconds = length.as_secs().abs();
    let (unit, size) = UNITS.into_iter().skip(1).find(|(_, size)| seconds >= *size).unwrap_or(('s', 1));
    format!("{}{unit}", seconds / size)
}

pub(crate) fn ago(at: Timestamp, now: Timestamp) -> String {
    format!("{} ago", short(now.duration_since(at)))
}

/// `in 12m`, or how late it is.
pub(crate) fn due(at: Timestamp, now: Timestamp) -> String {
    let left = at.duration_since(now);
    if left.is_negative() { format!("{} late", short(left)) } else { format!("in {}", short(left)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_times_and_lengths_are_read_and_nothing_else() {
        let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        for (text, meant) in [
            ("2026-12-31", "2026-12-31T00:00:00Z"),
            ("2026-12-31T12:00:00Z", "2026-12-31T12:00:00Z"),
            ("30d", "2026-12-20T10:00:00Z"),
            ("90m", "2026-11-20T11:30:00Z"),
        ] {
            assert_eq!(when(text).unwrap().from(now).to_string(), meant, "{text}");
        }
        assert_eq!(when("7d").unwrap().before(now).to_string(), "2026-11-13T10:00:00Z");
        for text in ["", "d", "30", "-3d", "0h", "3é", "tomorrow", "2026-13-01", "99999999999d"] {
            assert!(when(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_are_said_in_the_longest_unit_that_fits() {
        let said: Vec<String> = [0, 59, 60, 7_199, 7_200, 86_400, 1_209_600]
            .map(|seconds| short(SignedDuration::from_secs(seconds)))
            .to_vec();
        assert_eq!(said, ["0s", "59s", "1m", "1h", "2h", "1d", "14d"]);
        let at = Timestamp::from_second(1_000).unwrap();
        assert_eq!(due(at, Timestamp::from_second(940).unwrap()), "in 1m");
        assert_eq!(due(at, Timestamp::from_second(1_060).unwrap()), "1m late");
    }
}
