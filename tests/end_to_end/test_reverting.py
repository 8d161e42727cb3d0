"""What is taken back, and what is left alone."""

from __future__ import annotations

import hashlib
import time

from conftest import Group
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import Guard
from local_aws.ledger import Line
from story import SSH_TO_WORLD, ids, ids_from, messages, tcp, told


def test_a_violation_is_reverted_and_its_neighbour_is_untouched(guard: Guard, group: Group) -> None:
    event, opened = guard.open_port(group.id, [tcp(22, "0.0.0.0/0", "::/0")])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert (finding.state, finding.culprits, finding.removed) == ("REVERTED", ids(opened), ids(opened))
    assert group.rules() == {group.https}
    assert "ec2-sg-ssh-open" in finding.rules
    told(guard, finding.id)
    assert messages(guard, finding.id) == (1, 1)


def test_of_a_violating_and_a_legitimate_source_in_one_call_only_the_violating_one_goes(
    guard: Guard, group: Group
) -> None:
    event, opened = guard.open_port(group.id, [tcp(22, "0.0.0.0/0", "203.0.113.0/24")])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert finding.removed == ids_from(opened, "0.0.0.0/0")
    assert group.rules() == {group.https} | ids_from(opened, "203.0.113.0/24")


def test_an_opening_of_all_ports_violates_five_rules_and_is_one_finding_one_revert_one_message(
    guard: Guard, group: Group
) -> None:
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    event, opened = guard.open_port(group.id, [everything])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert sorted(finding.rules) == [
        "ec2-sg-all-traffic-open", "ec2-sg-high-risk-ports-open", "ec2-sg-monitoring-ports-open", "ec2-sg-ssh-open",
        "ec2-sg-unapproved-public-port",
    ]  # fmt: skip
    assert (finding.removed, finding.passed("REVERTING armed")) == (ids(opened), 1)
    assert group.rules() == {group.https}
    told(guard, finding.id)
    assert messages(guard, finding.id) == (1, 1)


def test_the_message_says_what_was_removed_and_what_was_left_alone(guard: Guard, group: Group) -> None:
    event, opened = guard.open_port(group.id, [tcp(22, "0.0.0.0/0", "203.0.113.0/24")])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    told(guard, finding.id)
    (mail,) = guard.mails(finding.id)
    for text in (mail["Message"], str(guard.slack_messages(finding.id))):
        for wanted in (group.id, "claire.martin", *ids(opened)):
            assert wanted in text
        assert group.https not in text


def test_a_modified_rule_whose_earlier_content_is_known_is_put_back(
    cloud: LocalAws, guard: Guard, group: Group
) -> None:
    event, (narrow,) = guard.open_port(group.id, [tcp(22, "203.0.113.0/24")])
    assert guard.ledger.await_event(event)["result"] == "quiet"
    # CloudTrail's time has whole seconds; what was known must be older than the change.
    time.sleep(1.1)
    rule = narrow["SecurityGroupRuleId"]
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "0.0.0.0/0"}
    updates = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": world}]
    cloud.client("ec2").modify_security_group_rules(GroupId=group.id, SecurityGroupRules=updates)
    event = guard.deliver(cloudtrail.modify_record(group.id, updates))
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert finding.state == "REVERTED", finding.evidence
    assert cloud.ingress(group.id)[rule]["CidrIpv4"] == "203.0.113.0/24"
    assert group.rules() == {group.https, rule}


def test_the_history_begins_with_open_ends_with_reverted_and_is_chained_by_hashes(
    guard: Guard, group: Group
) -> None:
    event, _ = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    states = [line.after for line in finding.history]
    assert states[0] == "OPEN" and states[-1] == "REVERTED"
    assert states[1:4] == ["QUEUED revert", "REVERTING claimed", "REVERTING armed"]
    assert [line.version for line in finding.history] == list(range(1, len(states) + 1))
    before = ""
    for line in finding.history:
        assert (line.prev_hash, line.hash) == (before, hash_after(before, line))
        before = line.hash


def hash_after(before: str, line: Line) -> str:
    parts = [before, str(line.version), line.before, line.after, line.cause, str(line.at_ms), line.sum]
    text = "".join(f"{len(part.encode())}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()
