//! The rows of the table of a finding's life (design 7): each must be seen in a campaign, or it proves less than it says.

use std::collections::BTreeSet;

/// From and to, as labels begin, and how the reason begins where that tells two rows apart.
type Row = (&'static str, &'static str, &'static str);

/// In the order of the table, a line a row; where the table names reasons, each is a row.
pub const ROWS: &[Row] = &[
    // Dispatch.
    ("OPEN", "WAIVED", "waived"),
    ("OPEN", "OBSERVED", ""),
    ("OPEN", "OBSERVED unconfirmed", ""),
    ("OPEN", "QUEUED confirm", ""),
    ("OPEN", "QUEUED revert", ""),
    ("OPEN", "AWAITING approve", ""),
    ("OPEN", "AWAITING breaker", ""),
    ("OPEN", "AWAITING kill", ""),
    ("OPEN", "AWAITING late", ""),
    ("OPEN", "AWAITING returned", ""),
    ("OPEN", "MANUAL told", ""),
    ("OPEN", "MANUAL undecided", ""),
    ("OPEN", "MANUAL fight", ""),
    ("OPEN", "MANUAL protected", ""),
    // Claiming.
    ("QUEUED revert", "REVERTING claimed", "claimed"),
    ("QUEUED confirm", "REVERTING claimed", "claimed"),
    ("QUEUED restore", "REVERTING claimed", "claimed"),
    ("QUEUED undo", "REVERTING claimed", "claimed"),
    ("QUEUED revert", "AWAITING kill", "claimed"),
    ("QUEUED", "MANUAL exhausted", ""),
    // Claimed.
    ("REVERTING claimed", "VERIFYING", "nothing"),
    ("REVERTING claimed", "VERIFYING", "a"),
    ("REVERTING claimed", "WAIVED", "a"),
    ("REVERTING claimed", "AWAITING approve", ""),
    ("REVERTING claimed", "MANUAL told", ""),
    ("REVERTING claimed", "AWAITING blast-radius", ""),
    ("REVERTING claimed", "MANUAL protected", ""),
    ("REVERTING claimed", "MANUAL imprecise", ""),
    ("REVERTING claimed", "MANUAL denied", ""),
    ("REVERTING claimed", "MANUAL not-observable", ""),
    ("REVERTING claimed", "MANUAL not-confirmed", ""),
    ("REVERTING claimed", "REVERTING armed", ""),
    ("REVERTING claimed", "AWAITING kill", "the"),
    ("REVERTING claimed", "QUEUED", ""),
    // Armed.
    ("REVERTING armed", "VERIFYING", "AWS answered"),
    ("REVERTING armed", "MANUAL denied", ""),
    ("REVERTING armed", "QUEUED", ""),
    ("REVERTING claimed", "REVERTING claimed", "claimed"),
    ("REVERTING armed", "REVERTING claimed", "claimed"),
    // Verifying.
    ("VERIFYING", "VERIFYING", ""),
    ("VERIFYING", "REVERTED", ""),
    ("VERIFYING", "RESOLVED compliant", ""),
    ("VERIFYING", "AWAITING approve", ""),
    ("VERIFYING", "QUEUED", ""),
    ("VERIFYING", "MANUAL stands", ""),
    ("VERIFYING", "MANUAL collateral", ""),
    ("VERIFYING", "WAIVED", ""),
    // Approving.
    ("AWAITING", "QUEUED", "approved"),
    ("ACKED", "QUEUED", "approved"),
    ("MANUAL expired", "QUEUED", "approved"),
    ("MANUAL exhausted", "QUEUED", "approved"),
    ("MANUAL denied", "QUEUED", "approved"),
    ("MANUAL fight", "QUEUED", "approved"),
    ("AWAITING", "MANUAL expired", ""),
    // Waiving.
    ("OPEN", "WAIVED", "waived by olga"),
    ("AWAITING", "WAIVED", ""),
    ("QUEUED", "WAIVED", ""),
    ("MANUAL", "WAIVED", ""),
    ("ACKED", "WAIVED", ""),
    ("REVERTING claimed", "REVERTING claimed", "waived"),
    // Taking over.
    ("OPEN", "ACKED", ""),
    ("AWAITING", "ACKED", ""),
    ("MANUAL", "ACKED", ""),
    // What ends.
    ("WAIVED", "OPEN", ""),
    ("ACKED", "OPEN", ""),
    ("WAIVED", "MANUAL expired", ""),
    ("ACKED", "MANUAL expired", ""),
    // Compliant in two sweeps. Of OPEN, which the next tick dispatches, the transition function's own tests tell.
    ("AWAITING", "RESOLVED compliant", "two"),
    ("MANUAL", "RESOLVED compliant", "two"),
    ("ACKED", "RESOLVED compliant", "two"),
    ("WAIVED", "RESOLVED compliant", "two"),
    // Closed by a person.
    ("OPEN", "RESOLVED closed", ""),
    ("AWAITING", "RESOLVED closed", ""),
    ("MANUAL", "RESOLVED closed", ""),
    ("ACKED", "RESOLVED closed", ""),
    ("WAIVED", "RESOLVED closed", ""),
    // Told, and nobody came; told, and a week is over; a waiver that ends soon.
    ("MANUAL", "MANUAL", "nobody"),
    ("MANUAL told", "RESOLVED told", ""),
    ("MANUAL undecided", "RESOLVED told", ""),
    ("WAIVED", "WAIVED", ""),
];

/// The rows that none of these moves is of.
pub fn unseen(moves: &BTreeSet<(String, String, String)>) -> Vec<Row> {
    let of = |(from, to, why): &Row| {
        moves
            .iter()
            .any(|(was, is, because)| begins(was, from) && exactly(is, to) && because.starts_with(why))
    };
    ROWS.iter().filter(|row| !of(row)).copied().collect()
}

/// A state, with or without its detail.
fn begins(label: &str, state: &str) -> bool {
    label.strip_prefix(state).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// `OBSERVED` is not `OBSERVED unconfirmed`; a state alone stands for any detail where it always has one.
fn exactly(label: &str, state: &str) -> bool {
    label == state || (matches!(state, "QUEUED" | "MANUAL") && begins(label, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(from: &str, to: &str, why: &str) -> BTreeSet<(String, String, String)> {
        BTreeSet::from([(from.to_owned(), to.to_owned(), why.to_owned())])
    }

    #[test]
    fn a_row_is_seen_by_its_own_states_and_reason_alone() {
        let all = ROWS.len();
        assert_eq!(unseen(&BTreeSet::new()).len(), all);
        assert_eq!(unseen(&seen("OPEN", "OBSERVED unconfirmed", "dispatch")).len(), all - 1);
        assert_eq!(unseen(&seen("AWAITING late", "QUEUED revert", "approved by olga")).len(), all - 1);
        assert_eq!(unseen(&seen("AWAITING late", "QUEUED revert", "dispatch")).len(), all);
    }
}
