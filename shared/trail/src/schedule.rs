//! Schedules as AWS writes them.

/// `rate(30 days)`, `cron(0 8 1 * ? *)`: the longest gap between two runs, in whole days, rounded down; `None` where
/// it is not understood. Of what a cron says by the month, the longest month is taken.
pub fn days(text: &str) -> Option<i64> {
    let text = text.trim();
    let inside = |name: &str| text.strip_prefix(name)?.trim().strip_prefix('(')?.strip_suffix(')');
    match (inside("rate"), inside("cron")) {
        (Some(rate), _) => of_rate(rate),
        (_, Some(cron)) => of_cron(cron),
        _ => None,
    }
}

fn of_rate(text: &str) -> Option<i64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let number: i64 = number.parse().ok().filter(|number| *number > 0)?;
    match unit.trim().trim_end_matches('s') {
        "day" => Some(number),
        "hour" => Some(number / 24),
        "minute" => Some(number / (24 * 60)),
        _ => None,
    }
}

fn of_cron(text: &str) -> Option<i64> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [_, _, day, month, weekday, ..] = fields.as_slice() else { return None };
    let any = |field: &str| matches!(field, "*" | "?");
    let step = |field: &str| field.split_once('/').and_then(|(_, step)| step.parse::<i64>().ok());
    Some(match (any(month), any(day), any(weekday)) {
        (false, ..) => 31 * step(month).unwrap_or(12),
        (true, true, true) => 1,
        (true, true, false) if weekday.contains('#') || weekday.contains('L') => 35,
        (true, true, false) => 7,
        (true, false, _) => step(day).unwrap_or(31),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_of_a_schedule_is_in_whole_days() {
        for (text, expected) in [
            ("rate(30 days)", Some(30)),
            ("rate(1 day)", Some(1)),
            ("rate(4 hours)", Some(0)),
            ("rate(50 hours)", Some(2)),
            ("cron(0 8 * * ? *)", Some(1)),
            ("cron(0 8 1 * ? *)", Some(31)),
            ("cron(0 8 1/14 * ? *)", Some(14)),
            ("cron(0 8 ? * MON *)", Some(7)),
            ("cron(0 8 ? * 1#1 *)", Some(35)),
            ("cron(0 0 1 1/3 ? *)", Some(93)),
            ("cron(0 0 1 JAN ? *)", Some(372)),
            ("every now and then", None),
            ("rate(0 days)", None),
            ("cron(0)", None),
        ] {
            assert_eq!(days(text), expected, "{text}");
        }
    }
}
