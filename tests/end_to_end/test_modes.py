"""What an account allows is all that is done."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Group
from local_aws.guard import Guard
from story import SSH_TO_WORLD, ids, messages, stays, told

MODES = [("observe", "OBSERVED", 0), ("notify", "MANUAL told", 1), ("approve", "AWAITING approve", 1)]


@pytest.mark.parametrize(("mode", "label", "heard"), MODES, ids=[mode for mode, *_ in MODES])
def test_an_account_that_does_not_allow_a_revert_gets_none(
    guard_in: Callable[[str], Guard], group: Group, mode: str, label: str, heard: int
) -> None:
    guard = guard_in(mode)
    event, opened = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, label.split()[0])
    assert (finding.label, finding.finding["violations"][0]["granted"]) == (label, mode)
    if heard:
        told(guard, finding.id)
    stays(group, {group.https} | ids(opened))
    assert messages(guard, finding.id) == (heard, heard)
    assert guard.ledger.finding(finding.id) == (told(guard, finding.id) if heard else finding)
