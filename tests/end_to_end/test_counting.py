"""What is recorded and counted, and does nothing else."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Group
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.counters import log_lines
from local_aws.guard import Guard
from local_aws.waiting import until
from story import SSH_TO_WORLD, ids, messages, stays, tcp, told

Json = dict[str, Any]


def counted_since(guard: Guard, before: Counter[str], received: int) -> Counter[str]:
    """What was counted since `before`, once so many events were."""

    def enough() -> Counter[str] | None:
        more = guard.counters()
        more.subtract(before)
        return more if more["EventsReceived"] >= received else None

    more = until(f"{received} events to be counted", enough)
    return Counter({name: number for name, number in more.items() if number})


def real_opening(cloud: LocalAws, group: Group, permission: Json = SSH_TO_WORLD) -> tuple[Json, set[str]]:
    """Opens a port; the record that nobody has seen yet, and the lines."""
    answer = cloud.client("ec2").authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[permission]
    )
    return cloudtrail.authorize_record(group.id, [permission], answer), ids(answer["SecurityGroupRules"])


def test_a_quiet_change_is_recorded_and_nothing_is_done(guard: Guard, group: Group) -> None:
    before = guard.counters()
    event, opened = guard.open_port(group.id, [tcp(22, "203.0.113.7/32")])
    seen = guard.ledger.await_event(event)
    assert (seen["result"], seen["findings"]) == ("quiet", [])
    assert counted_since(guard, before, 1) == {"EventsReceived": 1, "EventsQuiet": 1}
    stays(group, opened_and(group, ids(opened)))


def test_every_shipped_rule_is_sound_where_it_is_deployed(cloud: LocalAws, guard: Guard, group: Group) -> None:
    event, _ = guard.open_port(group.id, [tcp(22, "203.0.113.8/32")])
    guard.ledger.await_event(event)
    written = log_lines(cloud.client("logs"), guard.outputs["EvaluateFunction"])
    assert [line for line in written if "a rule is left out" in line] == []


def test_the_same_event_ten_times_is_one_finding_one_revert_one_message(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    before = guard.counters()
    record, opened = real_opening(cloud, group)
    guard.send(*(json.dumps(cloudtrail.envelope(record)) for _ in range(10)))
    finding = guard.ledger.await_finding(record["eventID"], "REVERTED", "RESOLVED", "MANUAL")
    assert (finding.state, finding.removed, finding.passed("REVERTING armed")) == ("REVERTED", opened, 1)
    counted = counted_since(guard, before, 10)
    balance = {"EventsReceived": 10, "EventsViolating": 1, "EventsDuplicates": 9}
    assert counted == {**balance, "FindingsOpened": 1, "RevertQueued": 1}
    told(guard, finding.id)
    assert messages(guard, finding.id) == (1, 1)


@pytest.fixture
def impatient(guard: Guard) -> Iterator[Guard]:
    """A guard whose events queue gives up within seconds, and not within a quarter of an hour."""
    guard.retry_after("EventsQueueUrl", 2)
    yield guard
    guard.retry_after("EventsQueueUrl", 180)


def test_of_a_batch_of_ten_with_a_poison_message_nine_are_processed_and_one_is_a_dead_letter(
    cloud: LocalAws, impatient: Guard, group: Group
) -> None:
    guard = impatient
    records = [real_opening(cloud, group, tcp(8000 + at, "203.0.113.0/24"))[0] for at in range(9)]
    poison = f'{{"detail": {{"eventID": "{uuid.uuid4()}", "eventName": '
    bodies = [json.dumps(cloudtrail.envelope(record)) for record in records]
    guard.send(*bodies[:4], poison, *bodies[4:])
    for record in records:
        assert guard.ledger.await_event(record["eventID"])["result"] == "quiet"
    until("the dead letter", lambda: guard.waiting("EventsDlqUrl") == 1)
    url = guard.outputs["EventsDlqUrl"]
    (letter,) = cloud.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert letter["Body"] == poison
    cloud.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=letter["ReceiptHandle"])
    assert guard.waiting("EventsQueueUrl") == 0


def failed(record: Json, _: Guard) -> Json:
    code = {"errorCode": "Client.InvalidPermission.Duplicate", "errorMessage": "The rule already exists."}
    return cloudtrail.envelope({**record, **code, "responseElements": None})


def dry_run(record: Json, _: Guard) -> Json:
    code = {"errorCode": "Client.DryRunOperation", "errorMessage": "Request would have succeeded."}
    return cloudtrail.envelope({**record, **code, "responseElements": None})


def self_made(record: Json, guard: Guard) -> Json:
    actor = cloudtrail.session_of(guard.outputs["ActingRoleArn"], "gardefou-0123456789abcdef-1")
    return cloudtrail.envelope({**record, "userIdentity": actor})


def out_of_region(record: Json, _: Guard) -> Json:
    return cloudtrail.envelope({**record, "awsRegion": "us-east-1"}, region="us-east-1")


def forged_source(record: Json, _: Guard) -> Json:
    return cloudtrail.envelope(record, source="ec2.custom")


def forged_service(record: Json, _: Guard) -> Json:
    return cloudtrail.envelope(record, source="aws.s3")


def forged_account(record: Json, _: Guard) -> Json:
    return cloudtrail.envelope(record, account="999999999999")


def not_cloudtrail(record: Json, _: Guard) -> Json:
    return cloudtrail.envelope(record, **{"detail-type": "EC2 Instance State-change Notification"})


IGNORED = [
    (failed, "IgnoredFailed"),
    (dry_run, "IgnoredDryRun"),
    (out_of_region, "IgnoredOutOfRegion"),
    (forged_source, "IgnoredForged"),
    (forged_service, "IgnoredForged"),
    (forged_account, "IgnoredForged"),
    (not_cloudtrail, "IgnoredForged"),
    (self_made, None),
]


@pytest.mark.parametrize(
    ("event", "counter"), IGNORED, ids=lambda value: getattr(value, "__name__", None) or ""
)
def test_an_event_that_must_not_be_judged_is_counted_and_nothing_is_done(
    cloud: LocalAws, guard: Guard, group: Group, event: Any, counter: str | None
) -> None:
    before = guard.counters()
    record, opened = real_opening(cloud, group)
    guard.send(json.dumps(event(record, guard)))
    expected = {counter: 1, "EventsIgnored": 1} if counter else {"EventsEchoes": 1}
    assert counted_since(guard, before, 1) == {"EventsReceived": 1, **expected}
    stays(group, opened_and(group, opened))
    assert guard.ledger.event(record["eventID"]) is None


def test_every_event_received_is_counted_as_exactly_one_thing(guard: Guard, group: Group) -> None:
    event, _ = guard.open_port(group.id, [tcp(22, "203.0.113.9/32")])
    guard.ledger.await_event(event)
    counted = guard.counters()
    parts = ("Violating", "Undecided", "Quiet", "Echoes", "Ignored", "Duplicates", "Refused")
    assert counted["EventsReceived"] == sum(counted[f"Events{part}"] for part in parts)


def opened_and(group: Group, opened: set[str]) -> set[str]:
    return {group.https} | opened
