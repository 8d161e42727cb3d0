"""What people see and decide with the command, on a deployed guard."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from command import done, gardefou
from conftest import Group
from local_aws.cloud import LocalAws
from local_aws.guard import Guard
from local_aws.ledger import Finding
from local_aws.waiting import until
from story import SSH_TO_WORLD, ids, ids_from, stays, tcp

REASON = ("--reason", "a test says so")


@pytest.fixture
def approving(guard_in: Callable[[str], Guard]) -> Guard:
    return guard_in("approve")


def waiting(guard: Guard, group: Group) -> tuple[Finding, set[str]]:
    """A finding that waits for a person, and the lines that it is about."""
    event, opened = guard.open_port(group.id, [SSH_TO_WORLD])
    return guard.ledger.await_finding(event, "AWAITING"), ids(opened)


def reaches(guard: Guard, finding: str, *states: str) -> Finding:
    def reached() -> Finding | None:
        found = guard.ledger.finding(finding)
        return found if found and found.state in states else None

    return until(f"finding {finding} {' or '.join(states)}", reached, 40)


def test_a_reverted_finding_is_listed_shown_and_told_line_by_line(guard: Guard, group: Group) -> None:
    event, opened = guard.open_port(group.id, [tcp(22, "0.0.0.0/0", "203.0.113.0/24")])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    narrowed = ("--state", "reverted", "--resource", group.id, "--format", "json")
    listed = done(guard, "findings", "list", *narrowed).json()
    assert [(row["finding"], row["state"], row["severity"]) for row in listed] == [
        (finding.id, "REVERTED", "critical")
    ]
    assert done(guard, "findings", "list", "--resource", group.id).out == "no findings\n"
    shown = done(guard, "findings", "show", finding.id[:10]).out
    taken, left = shown.split("Taken back\n")[1].split("Left alone")
    (world,), (network,) = ids_from(opened, "0.0.0.0/0"), ids_from(opened, "203.0.113.0/24")
    assert world in taken and network not in taken and network in left
    assert f"gardefou findings undo {finding.id} --until 30d" in shown
    for wanted in (group.id, "claire.martin", event, "ec2-sg-ssh-open"):
        assert wanted in shown
    (whole,) = done(guard, "findings", "show", finding.id, "--format", "json").json()
    assert (whole["state"], whole["evidence"]["removed"]) == ("REVERTED", [world])
    *lines, verdict = done(guard, "findings", "timeline", finding.id).out.splitlines()
    assert len(lines) == len(finding.history) and verdict == "the chain holds"


def test_what_is_approved_is_taken_back(approving: Guard, group: Group) -> None:
    finding, _ = waiting(approving, group)
    asked = gardefou(approving, "findings", "approve", finding.id)
    assert asked.code == 2 and "--yes" in asked.err, asked
    approved = done(approving, "findings", "approve", finding.id[:12], "--yes")
    assert all(rule in approved.out for rule in finding.culprits)
    assert reaches(approving, finding.id, "REVERTED", "RESOLVED", "MANUAL").state == "REVERTED"
    assert group.rules() == {group.https}
    again = gardefou(approving, "findings", "approve", finding.id, "--yes")
    assert again.code == 1 and "findings undo" in again.err, again


def test_what_is_waived_stands_and_so_does_what_comes_after_it(approving: Guard, group: Group) -> None:
    finding, opened = waiting(approving, group)
    done(approving, "findings", "waive", finding.id, "--until", "30d", *REASON)
    assert reaches(approving, finding.id, "WAIVED").history[-1].cause.endswith(": a test says so")
    waivers = done(approving, "findings", "waivers", "--format", "json").json()
    own = [waiver for waiver in waivers if waiver["resource"] == group.id]
    assert {waiver["rule"] for waiver in own} == set(finding.rules)
    # CloudTrail's time has whole seconds; what a waiver covers happened after it was granted.
    time.sleep(1.1)
    event, more = approving.open_port(group.id, [tcp(22, "::/0")])
    assert approving.ledger.await_finding(event, "WAIVED", "AWAITING").state == "WAIVED"
    stays(group, {group.https} | opened | ids(more))
    too_long = gardefou(approving, "findings", "waive", finding.id, "--until", "91d", *REASON)
    assert too_long.code == 2, too_long


def test_a_person_takes_it_over_and_closes_it(approving: Guard, group: Group) -> None:
    finding, opened = waiting(approving, group)
    done(approving, "findings", "acknowledge", finding.id, "--for", "1h")
    assert reaches(approving, finding.id, "ACKED").label == "ACKED"
    done(approving, "findings", "close", finding.id, *REASON)
    assert reaches(approving, finding.id, "RESOLVED").label == "RESOLVED closed"
    ended = gardefou(approving, "findings", "acknowledge", finding.id)
    assert ended.code == 1 and "it has ended" in ended.err, ended
    stays(group, {group.https} | opened)


def test_what_is_undone_is_put_back_and_stays(guard: Guard, group: Group) -> None:
    event, _ = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert group.rules() == {group.https}
    undone = done(guard, "findings", "undo", finding.id, "--until", "30d", *REASON)
    undo = undone.out.split()[1]
    assert reaches(guard, undo, "WAIVED", "MANUAL").label == "WAIVED"
    lines = guard.cloud.ingress(group.id)
    (back,) = set(lines) - {group.https}
    assert (lines[back]["CidrIpv4"], lines[back]["FromPort"]) == ("0.0.0.0/0", 22)
    stays(group, {group.https, back})
    assert f"finding {finding.id}, which is undone" in done(guard, "findings", "show", undo).out
    assert gardefou(guard, "findings", "undo", finding.id, "--until", "30d", *REASON).code == 1


@pytest.fixture
def stopped(guard: Guard) -> Iterator[Guard]:
    """The guard with its kill switch on."""
    done(guard, "findings", "kill-switch", "on", *REASON)
    yield guard
    done(guard, "findings", "kill-switch", "off", *REASON)


def test_with_the_kill_switch_on_nothing_is_taken_back_until_it_is_off_and_a_person_says_so(
    stopped: Guard, group: Group
) -> None:
    event, opened = stopped.open_port(group.id, [SSH_TO_WORLD])
    finding = stopped.ledger.await_finding(event, "AWAITING", "REVERTED")
    assert finding.label == "AWAITING kill"
    assert "is on" in done(stopped, "findings", "kill-switch").out
    refused = gardefou(stopped, "findings", "approve", finding.id, "--yes")
    assert refused.code == 1 and "kill-switch off" in refused.err, refused
    stays(group, {group.https} | ids(opened))
    done(stopped, "findings", "kill-switch", "off", *REASON)
    done(stopped, "findings", "approve", finding.id, "--yes")
    assert reaches(stopped, finding.id, "REVERTED", "RESOLVED", "MANUAL").state == "REVERTED"


def test_an_edited_line_of_history_is_found(cloud: LocalAws, guard: Guard, group: Group) -> None:
    event, _ = guard.open_port(group.id, [SSH_TO_WORLD])
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL")
    assert "every chain holds" in done(guard, "verify", finding.id).out

    def write(cause: str) -> None:
        cloud.client("dynamodb").update_item(
            TableName=guard.ledger.table, Key={"pk": {"S": f"F#{finding.id}"}, "sk": {"S": "H#00000003"}},
            UpdateExpression="SET cause = :cause", ExpressionAttributeValues={":cause": {"S": cause}},
        )  # fmt: skip

    write("nothing to see here")
    try:
        for args in (("verify", finding.id), ("verify",)):
            ran = gardefou(guard, *args)
            assert ran.code == 1 and f"finding {finding.id}: line 3 was altered" in ran.out, ran
        told = gardefou(guard, "findings", "timeline", finding.id)
        assert told.code == 1 and "line 3 was altered" in told.out, told
    finally:
        write(finding.history[2].cause)
    assert done(guard, "verify", finding.id).code == 0


def test_a_dead_letter_is_counted_shown_and_sent_again_with_its_attributes(
    cloud: LocalAws, guard: Guard
) -> None:
    sqs = cloud.client("sqs")
    dead = guard.outputs["RevertNetworkDlqUrl"]
    # Well-formed, about a finding that is not there: the worker has nothing to do about it.
    bell = json.dumps({"finding": "a" * 26, "version": 1, "effect": "revert"})
    why = {"WHY": {"DataType": "String", "StringValue": "a test\u202e"}}
    sqs.send_message(QueueUrl=dead, MessageBody=bell, MessageAttributes=why)

    def counted() -> int:
        lines = done(guard, "dlq", "list").out.splitlines()
        (line,) = [line for line in lines if line.split()[0] == "revert-network"]
        return int(line.split()[1])

    assert counted() == 1
    for _ in range(2):
        shown = done(guard, "dlq", "show", "--queue", "revert-network").out
        assert "a" * 26 in shown and "WHY: a test\n" in shown
    assert counted() == 1
    assert done(guard, "dlq", "redrive", "--queue", "revert-network").out == (
        "revert-network: 1 sent again to revert-network\n"
    )
    assert counted() == 0
    until("the doorbell to be worked off", lambda: not guard.waiting("RevertNetworkQueueUrl"))


def test_a_poison_message_is_shown_escaped_and_comes_back_when_nothing_was_mended(
    cloud: LocalAws, guard: Guard
) -> None:
    sqs = cloud.client("sqs")
    dead = guard.outputs["EventsDlqUrl"]
    sqs.send_message(QueueUrl=dead, MessageBody='{"poison": "a\u202eb"}')
    shown = done(guard, "dlq", "show", "--queue", "events").out
    assert '"poison": "a\\u{202e}b"' in shown and "\u202e" not in shown
    (letter,) = done(guard, "dlq", "show", "--queue", "events", "--format", "json").json()
    assert json.loads(letter["body"]) == {"poison": "a\u202eb"}
    guard.retry_after("EventsQueueUrl", 1)
    redriven = done(guard, "dlq", "redrive", "--queue", "events", "--max", "1").out
    assert redriven.startswith("events: 1 sent again")

    def back() -> bool:
        return "poison" in done(guard, "dlq", "show", "--queue", "events").out

    until("the message to be dead again", back, 60, pause=1)
    guard.retry_after("EventsQueueUrl", 180)
    sqs.purge_queue(QueueUrl=dead)
