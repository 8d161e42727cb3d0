"""When gardefou stops itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Group
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import Guard, deploy
from local_aws.places import ACCOUNT
from local_aws.waiting import until
from story import SSH_TO_WORLD, findings_on, ids, told

CAP, STORM = 5, 60


@pytest.fixture(scope="module")
def capped(cloud: LocalAws, lambda_dir: Path) -> Guard:
    """A guard with a breaker that a test can fill."""
    caps = {"rule_per_10_minutes": CAP, "account_per_hour": 1_000, "overall_per_hour": 1_000}
    return deploy(cloud, "guard-capped", "revert", lambda_dir=lambda_dir, further={"breaker": caps})


@pytest.fixture
def killed(guard: Guard) -> Iterator[Guard]:
    """A guard whose kill switch is on."""
    switch = {"pk": {"S": "CFG"}, "sk": {"S": "KILL"}}
    guard.ledger.put({**switch, "on": {"BOOL": True}})
    yield guard
    guard.ledger.put({**switch, "on": {"BOOL": False}})


def away_from_the_end_of_a_window() -> None:
    """The breaker counts in fixed windows of ten minutes: the storm must be inside one."""
    left = 600 - time.time() % 600
    if left < 45:
        time.sleep(left + 1)


def test_of_a_storm_exactly_the_cap_is_reverted_the_rest_waits_and_people_hear_once(
    cloud: LocalAws, capped: Guard, vpc: str
) -> None:
    away_from_the_end_of_a_window()
    groups = [cloud.new_group(vpc, f"storm-{number}") for number in range(STORM)]
    for group in groups:
        capped.open_port(group, [SSH_TO_WORLD])

    def settled() -> Counter[str] | None:
        labels = Counter(finding.label for finding in capped.ledger.all_findings())
        return labels if labels["REVERTED"] + labels["AWAITING breaker"] == STORM else None

    labels = until("the storm to be over", settled, 120)
    assert labels == {"REVERTED": CAP, "AWAITING breaker": STORM - CAP}
    still_open = sum(bool(cloud.ingress(group)) for group in groups)
    assert still_open == STORM - CAP
    until("everybody to have heard", lambda: capped.waiting("NotifyQueueUrl") == 0, 60)
    digests = [mail for mail in capped.mails("circuit breaker") if "is open" in str(mail)]
    assert len(digests) == 1, digests


def by_terraform(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.9.8 terraform-provider-aws/5.80.0"}


def open_by_terraform(guard: Guard, group: str) -> tuple[str, set[str]]:
    answer = guard.cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH_TO_WORLD])
    event = guard.deliver(by_terraform(cloudtrail.authorize_record(group, [SSH_TO_WORLD], answer)))
    return event, ids(answer["SecurityGroupRules"])


def test_terraform_that_puts_it_back_is_named_and_not_fought(guard: Guard, group: Group) -> None:
    event, _ = open_by_terraform(guard, group.id)
    first = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert first.state == "REVERTED"
    event, again = open_by_terraform(guard, group.id)
    second = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert second.label == "MANUAL fight"
    assert group.rules() == {group.https} | again
    told(guard, second.id)
    (mail,) = guard.mails(second.id)
    assert "Terraform" in mail["Message"] and "claire.martin" in mail["Message"] and "Fix the code" in mail["Message"]


def test_with_the_kill_switch_on_nothing_is_called_and_a_person_is_asked(killed: Guard, group: Group) -> None:
    event, opened = killed.open_port(group.id, [SSH_TO_WORLD])
    finding = killed.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert finding.label == "AWAITING kill"
    assert group.rules() == {group.https} | ids(opened)


def test_a_group_that_many_others_name_is_touched_only_when_a_person_says_so(
    cloud: LocalAws, guard: Guard, vpc: str, group: Group
) -> None:
    ec2 = cloud.client("ec2")
    for number in range(6):
        other = cloud.new_group(vpc, f"names-{group.id}-{number}")
        naming = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": group.id}]}
        ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[naming])
    event, opened = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert finding.label == "AWAITING blast-radius"
    assert group.rules() == {group.https} | ids(opened)


def test_the_default_group_of_a_vpc_is_touched_only_when_a_person_says_so(cloud: LocalAws, guard: Guard) -> None:
    vpc = cloud.new_vpc()
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (default,) = cloud.client("ec2").describe_security_groups(Filters=wanted)["SecurityGroups"]
    event, _ = guard.open_port(default["GroupId"], [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert finding.label == "AWAITING blast-radius"


def test_an_echo_is_noted_once_and_a_forged_one_is_judged_like_any_other(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    event, opened = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    ours = cloudtrail.session_of(guard.outputs["ActingRoleArn"], f"gardefou-{finding.id}-{finding.epoch}")
    record = cloudtrail.revoke_record(group.id, opened, ours)
    for _ in range(2):
        guard.deliver(record)
    echo = record["eventID"]

    def noted() -> list[str] | None:
        found = guard.ledger.finding(finding.id)
        return found.evidence.get("echoes") if found else None

    assert until("the echo", noted) == [echo]
    elsewhere = guard.outputs["ActingRoleArn"].replace(ACCOUNT, "999999999999")
    foreign = cloudtrail.session_of(elsewhere, f"gardefou-{finding.id}-9")
    answer = cloud.client("ec2").authorize_security_group_ingress(GroupId=group.id, IpPermissions=[SSH_TO_WORLD])
    forged = guard.deliver(cloudtrail.authorize_record(group.id, [SSH_TO_WORLD], answer, foreign))
    judged = guard.ledger.await_finding(forged, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    assert judged.state == "REVERTED" and guard.counters()["EchoForged"] >= 1
    assert len(findings_on(guard, group.id)) == 2


def test_what_went_with_the_rest_and_should_not_have_is_put_back_when_the_echo_tells(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    event, opened = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    # Somebody made the line narrow between the look and the call: this is what CloudTrail tells of the call.
    narrow = [{**line, "CidrIpv4": "203.0.113.0/24"} for line in opened]
    ours = cloudtrail.session_of(guard.outputs["ActingRoleArn"], f"gardefou-{finding.id}-{finding.epoch}")
    guard.deliver(cloudtrail.revoke_record(group.id, narrow, ours))

    def restored() -> bool:
        return any(line.get("CidrIpv4") == "203.0.113.0/24" for line in cloud.ingress(group.id).values())

    until("the narrow line to be back", restored, 40)

    def ended() -> bool:
        return "MANUAL collateral" in [one.label for one in findings_on(guard, group.id)]

    until("a person to be asked", ended, 40)
