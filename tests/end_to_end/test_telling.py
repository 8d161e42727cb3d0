"""A Slack that is down delays no revert, and hears of it once it is back."""

from __future__ import annotations

import time

import pytest
from conftest import Group
from local_aws.guard import Guard
from local_aws.ledger import Finding
from local_aws.webhook import Answer
from story import SSH_TO_WORLD, messages, told

TROUBLES = {
    "429_with_retry_after": [Answer(429, {"Retry-After": "2"}), Answer(429, {"Retry-After": "2"})],
    "500": [Answer(500)],
    "hanging": [Answer(hang_seconds=8)],
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_slack_in_trouble_delays_no_revert_and_gets_its_message_once_it_is_back(
    guard: Guard, group: Group, trouble: str
) -> None:
    answers = TROUBLES[trouble]
    earlier = len(guard.cloud.webhook.posts(guard.slack_path))
    guard.cloud.webhook.answer_next(guard.slack_path, *answers)
    event, _ = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert (finding.state, group.rules()) == ("REVERTED", {group.https})
    assert taken_back_ms(finding) < 5_000
    told(guard, finding.id)
    posts = guard.cloud.webhook.posts(guard.slack_path)[earlier:]
    assert [post.status for post in posts] == [
        *(0 if answer.hang_seconds else answer.status for answer in answers),
        200,
    ]
    assert messages(guard, finding.id) == (1, 1)
    assert len([line for line in finding.history if line.after == "REVERTING armed"]) == 1


def taken_back_ms(finding: Finding) -> int:
    """From the finding to the answer that what it is about is gone."""
    return (
        next(line.at_ms for line in finding.history if line.after == "VERIFYING") - finding.history[0].at_ms
    )


def test_a_wait_that_slack_asks_for_is_kept(guard: Guard, group: Group) -> None:
    guard.cloud.webhook.answer_next(guard.slack_path, Answer(429, {"Retry-After": "3"}))
    earlier = len(guard.cloud.webhook.posts(guard.slack_path))
    event, _ = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    told(guard, finding.id)
    first, second = guard.cloud.webhook.posts(guard.slack_path)[earlier:]
    assert second.at - first.at >= 3
    assert time.time() - first.at < 15
