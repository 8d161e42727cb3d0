"""With IAM enforced: the shipped roles suffice, and a permission that is missing ends with a person."""

from __future__ import annotations

import json
import time

import pytest
from conftest import Group, new_group
from local_aws.guard import Guard
from story import SSH_TO_WORLD, findings_on, ids, messages, sweep, told

POLICY = "security-groups"


@pytest.fixture
def strict_group(strict: Guard, request: pytest.FixtureRequest) -> Group:
    return new_group(strict.cloud, strict.cloud.new_vpc(), request.node.name)


def test_with_exactly_the_shipped_permissions_everything_works(strict: Guard, strict_group: Group) -> None:
    event, opened = strict.open_port(strict_group.id, [SSH_TO_WORLD])
    finding = strict.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert (finding.state, finding.removed) == ("REVERTED", ids(opened)), finding.evidence
    told(strict, finding.id)
    assert messages(strict, finding.id) == (1, 1)


@pytest.mark.parametrize("queue", ["RevertNetworkQueueUrl", "NotifyQueueUrl"])
def test_not_even_the_account_s_root_may_ring_a_doorbell(strict: Guard, queue: str) -> None:
    sqs = strict.cloud.client("sqs")
    with pytest.raises(sqs.exceptions.ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=strict.outputs[queue], MessageBody="{}")


def test_the_sweep_works_with_its_own_role_alone(strict: Guard, strict_group: Group) -> None:
    opened = strict.cloud.client("ec2").authorize_security_group_ingress(
        GroupId=strict_group.id, IpPermissions=[SSH_TO_WORLD]
    )["SecurityGroupRules"]
    for job in ("tick", "critical", "all", "reconcile"):
        sweep(strict, job)
    (finding,) = findings_on(strict, strict_group.id)
    assert (finding.label, finding.culprits) == ("AWAITING approve", ids(opened))


def test_a_role_without_the_permission_ends_as_denied_is_told_and_does_not_loop(
    strict: Guard, strict_group: Group
) -> None:
    iam, role = strict.cloud.client("iam"), strict.outputs["ActingRoleName"]
    shipped = iam.get_role_policy(RoleName=role, PolicyName=POLICY)["PolicyDocument"]
    reading = {**shipped, "Statement": [one for one in shipped["Statement"] if one["Sid"] != "TakeBack"]}
    iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(reading))
    try:
        event, opened = strict.open_port(strict_group.id, [SSH_TO_WORLD])
        finding = strict.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
        assert finding.label == "MANUAL denied"
        told(strict, finding.id)
        assert any("may not" in mail["Message"] for mail in strict.mails(finding.id))
        time.sleep(3)
        after = strict.ledger.finding(finding.id)
        assert after is not None and after.history == finding.history and after.epoch == 1
        assert (strict.waiting("RevertNetworkQueueUrl"), strict.waiting("RevertNetworkDlqUrl")) == (0, 0)
        assert messages(strict, finding.id) == (1, 1)
        assert strict_group.rules() == {strict_group.https} | ids(opened)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(shipped))
