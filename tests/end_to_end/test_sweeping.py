"""What the sweep finishes, and what it finds without any event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import Group
from local_aws.cloud import LocalAws
from local_aws.guard import Guard
from local_aws.waiting import until
from story import SSH_TO_WORLD, findings_on, ids, sweep, tcp


@pytest.fixture
def deaf(guard: Guard) -> Iterator[Guard]:
    """A guard whose revert function hears nothing: its doorbells are lost."""
    functions = guard.cloud.client("lambda")
    (source,) = functions.list_event_source_mappings(EventSourceArn=arn(guard, "RevertNetworkQueueUrl"))[
        "EventSourceMappings"
    ]
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    yield guard
    functions.update_event_source_mapping(UUID=source["UUID"], Enabled=True)


def arn(guard: Guard, queue: str) -> str:
    asked = guard.cloud.client("sqs").get_queue_attributes(
        QueueUrl=guard.outputs[queue], AttributeNames=["QueueArn"]
    )
    return str(asked["Attributes"]["QueueArn"])


def test_an_opening_that_no_event_told_of_is_found_once_and_waits_for_a_person(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    opened = cloud.client("ec2").authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[SSH_TO_WORLD]
    )["SecurityGroupRules"]
    sweep(guard, "all")
    (finding,) = findings_on(guard, group.id)
    assert (finding.label, finding.culprits) == ("AWAITING approve", ids(opened))
    assert "sighting" in finding.finding["cause"]
    sweep(guard, "all")
    assert [again.id for again in findings_on(guard, group.id)] == [finding.id]
    assert group.rules() == {group.https} | ids(opened)


def test_the_sweep_of_every_quarter_of_an_hour_asks_the_critical_rules_alone(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    # An unapproved public port is of high severity, SSH critical.
    cloud.client("ec2").authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[tcp(8443, "0.0.0.0/0")]
    )
    sweep(guard, "critical")
    assert findings_on(guard, group.id) == []
    sweep(guard, "all")
    (finding,) = findings_on(guard, group.id)
    assert finding.rules == ["ec2-sg-unapproved-public-port"]


def test_a_doorbell_that_was_lost_is_rung_again(deaf: Guard, group: Group) -> None:
    event, opened = deaf.open_port(group.id, [SSH_TO_WORLD])
    finding = deaf.ledger.await_finding(event, "QUEUED")
    sqs = deaf.cloud.client("sqs")
    until("the doorbell", lambda: deaf.waiting("RevertNetworkQueueUrl") > 0)
    sqs.purge_queue(QueueUrl=deaf.outputs["RevertNetworkQueueUrl"])
    until("the doorbell to be lost", lambda: deaf.waiting("RevertNetworkQueueUrl") == 0)
    deaf.ledger.make_due(finding.id)
    sweep(deaf, "tick")
    assert deaf.waiting("RevertNetworkQueueUrl") == 1
    assert group.rules() == {group.https} | ids(opened)


def test_an_approval_that_nobody_gives_expires_and_people_hear_again(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    opened = cloud.client("ec2").authorize_security_group_ingress(
        GroupId=group.id, IpPermissions=[SSH_TO_WORLD]
    )["SecurityGroupRules"]
    sweep(guard, "all")
    (finding,) = findings_on(guard, group.id)
    guard.ledger.make_due(finding.id)
    sweep(guard, "tick")
    after = guard.ledger.finding(finding.id)
    assert after is not None and after.label == "MANUAL expired"
    assert group.rules() == {group.https} | ids(opened)


def test_what_is_gone_in_two_sweeps_is_resolved(cloud: LocalAws, guard: Guard, group: Group) -> None:
    ec2: Any = cloud.client("ec2")
    opened = ec2.authorize_security_group_ingress(GroupId=group.id, IpPermissions=[SSH_TO_WORLD])[
        "SecurityGroupRules"
    ]
    sweep(guard, "all")
    (finding,) = findings_on(guard, group.id)
    ec2.revoke_security_group_ingress(GroupId=group.id, SecurityGroupRuleIds=sorted(ids(opened)))
    sweep(guard, "all")
    once = guard.ledger.finding(finding.id)
    assert once is not None and once.label == "AWAITING approve"
    guard.ledger.back_date_sight(finding.id)
    sweep(guard, "all")
    twice = guard.ledger.finding(finding.id)
    assert twice is not None and twice.label == "RESOLVED compliant"
