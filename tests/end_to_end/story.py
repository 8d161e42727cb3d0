"""Words that several tests use."""

from __future__ import annotations

import json
import time
from typing import Any

from conftest import Group
from local_aws.guard import Guard
from local_aws.ledger import Finding
from local_aws.waiting import until

Json = dict[str, Any]

# Long enough for a repetition to show itself.
QUIET_SECONDS = 1.0


def tcp(port: int, *networks: str) -> Json:
    """One IpPermission."""
    v6 = [{"CidrIpv6": network} for network in networks if ":" in network]
    v4 = [{"CidrIp": network} for network in networks if ":" not in network]
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": v4, "Ipv6Ranges": v6}


SSH_TO_WORLD = tcp(22, "0.0.0.0/0")


def ids(rules: list[Json]) -> set[str]:
    return {rule["SecurityGroupRuleId"] for rule in rules}


def ids_from(rules: list[Json], network: str) -> set[str]:
    return ids([rule for rule in rules if network in (rule.get("CidrIpv4"), rule.get("CidrIpv6"))])


def told(guard: Guard, finding: str, seconds: float = 40) -> Finding:
    """The finding, once people have heard of it on every channel."""

    def heard() -> Finding | None:
        found = guard.ledger.finding(finding)
        return (
            found
            if found and found.tell is None and guard.mails(finding) and guard.slack_messages(finding)
            else None
        )

    return until(f"people to hear of {finding}", heard, seconds)


def messages(guard: Guard, finding: str) -> tuple[int, int]:
    """How many messages about it came by mail and in Slack."""
    return len(guard.mails(finding)), len(guard.slack_messages(finding))


def sweep(guard: Guard, job: str) -> None:
    """Calls the function as the scheduler does, and waits for its answer."""
    answer = guard.cloud.client("lambda").invoke(
        FunctionName=guard.outputs["SweepFunction"], Payload=json.dumps({"job": job})
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def findings_on(guard: Guard, group: str) -> list[Finding]:
    """Every finding about a group, whatever became of it."""
    found = [guard.ledger.finding(finding) for finding in guard.ledger.findings()]
    return [finding for finding in found if finding and finding.finding["resource"]["id"] == group]


def stays(group: Group, rules: set[str]) -> None:
    """Nothing is taken from the group, now or in a while."""
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        assert group.rules() == rules
        time.sleep(0.2)
