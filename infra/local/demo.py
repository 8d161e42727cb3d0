#!/usr/bin/env python3
"""`make demo`: SSH is opened to the internet on a local AWS, and gardefou takes it back.

Real functions, real template, real EC2 calls; nothing leaves 127.0.0.1. Ends with 1 if the port is still open or
if anything else was touched.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from local_aws.cloud import LocalAws
from local_aws.guard import Guard, deploy
from local_aws.ledger import Finding
from local_aws.places import ACCOUNT, LAMBDA_DIR, REGION
from local_aws.screen import Screen
from local_aws.slack import as_text
from local_aws.waiting import NeverHappened, until

STACK = "gardefou"
VERIFY_SECONDS = 1
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
SSH = {
    "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
    "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")
    lambda_dir = parser.parse_args().lambda_dir
    screen = Screen()
    screen.title(f"gardefou on a local AWS: account {ACCOUNT}, region {REGION}, everything on 127.0.0.1")
    with LocalAws() as cloud:
        screen.step("The local AWS is up", f"ministack at {cloud.url}, EC2 (moto) at {cloud.ec2_url}")
        guard = deploy(cloud, STACK, "revert", VERIFY_SECONDS, lambda_dir)
        screen.step(
            "The stack is deployed: infra/template.yaml, as on AWS",
            f"mode revert; a revert is verified after {VERIFY_SECONDS} s and again after {VERIFY_SECONDS} s"
            " (shipped: mode observe, 10 s and 30 s)",
        )
        group, https = make_group(cloud, screen)
        try:
            closed_ms = show_story(screen, guard, group)
        except (NeverHappened, AssertionError) as problem:
            screen.step("It did not go as it should", str(problem))
            closed_ms = None
        return show_end(screen, cloud, group, https, closed_ms)


def make_group(cloud: LocalAws, screen: Screen) -> tuple[str, str]:
    """A group with one rule that may stay: ids of both."""
    group = cloud.new_group(cloud.new_vpc(), "web")
    answer = cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
    https = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    screen.step(
        f"A security group `web`, {group}, with one legitimate rule", f"{https}  tcp 443 from 198.51.100.0/24"
    )
    return group, https


def show_story(screen: Screen, guard: Guard, group: str) -> float | None:
    """The change, and everything that follows from it; milliseconds from the event to the closed port."""
    event, opened = guard.open_port(group, [SSH])
    delivered = time.time()
    screen.step(
        "claire.martin opens SSH to the internet: one call to EC2, AuthorizeSecurityGroupIngress",
        *(describe(rule) for rule in opened),
    )
    screen.step("CloudTrail's event is delivered to the queue, as EventBridge would", f"event {event}")
    finding = guard.ledger.await_finding(event, *STATES)
    show_finding(screen, finding)
    finding = until("a plan", lambda: having_plan(guard, finding.id))
    show_plan(screen, finding)
    ids = {rule["SecurityGroupRuleId"] for rule in opened}
    until("the port to be closed", lambda: ids.isdisjoint(guard.cloud.ingress(group)))
    finding = until("what was removed", lambda: having_removed(guard, finding.id))
    at = next(line.at_ms for line in finding.history if line.after == "VERIFYING")
    closed_ms = at - delivered * 1000
    left = [describe(rule) for rule in guard.cloud.ingress(group).values()]
    screen.step(
        f"The port is closed, {closed_ms:.0f} ms after the event (functions started cold)",
        *(f"removed     {rule}" for rule in sorted(finding.removed)),
        *(f"left alone  {rule}" for rule in left),
    )
    show_messages(screen, guard, finding.id)
    finding = guard.ledger.await_finding(event, "REVERTED", "RESOLVED", "MANUAL", "AWAITING")
    show_timeline(screen, finding, delivered * 1000)
    return closed_ms if finding.state == "REVERTED" else None


STATES = (
    "OPEN",
    "QUEUED",
    "REVERTING",
    "VERIFYING",
    "REVERTED",
    "RESOLVED",
    "MANUAL",
    "AWAITING",
    "OBSERVED",
)


def having_plan(guard: Guard, finding: str) -> Finding | None:
    found = guard.ledger.finding(finding)
    return found if found and (found.evidence.get("plan") or found.evidence.get("refusal")) else None


def having_removed(guard: Guard, finding: str) -> Finding | None:
    found = guard.ledger.finding(finding)
    return found if found and found.removed and found.passed("VERIFYING") else None


def show_finding(screen: Screen, finding: Finding) -> None:
    screen.step(f"evaluate: finding {finding.id}", "rules that the change violates, and what is granted:")
    for violation in finding.finding["violations"]:
        screen.line(
            f"  {violation['severity']:<9} {violation['rule']} ({violation['granted']}): {violation['message']}"
        )
    openings = [culprit["item"]["opening"] for culprit in finding.finding["culprits"]]
    culprits = [f"{opening.get('rule')} {source(opening)}" for opening in openings]
    screen.line(f"culprits: {'; '.join(culprits)}")


def show_plan(screen: Screen, finding: Finding) -> None:
    plan, refusal = finding.evidence.get("plan"), finding.evidence.get("refusal")
    if not plan:
        screen.step("revert: there is no plan", str(refusal))
        return
    steps = [f"{step['do']} in {step['group']}: {', '.join(step.get('rules', []))}" for step in plan["steps"]]
    screen.step("revert: the plan, made from what was just read again", *steps)


def show_messages(screen: Screen, guard: Guard, finding: str) -> None:
    mails = until("the SNS message", lambda: guard.mails(finding))
    screen.step("notify: the SNS message", f"subject: {mails[0].get('Subject')}")
    screen.quote(mails[0]["Message"])
    posts = until("the Slack message", lambda: guard.slack_messages(finding))
    screen.step("notify: the Slack message, as it arrived at the webhook")
    screen.quote(as_text(posts[0]))


def show_timeline(screen: Screen, finding: Finding, delivered_ms: float) -> None:
    screen.step(
        f"The ledger's timeline of {finding.id}", "   at ms    step ms  state              clock     cause"
    )
    before = delivered_ms
    for line in finding.history:
        # The event's id stands above already.
        cause = line.cause.removesuffix(str(finding.finding["cause"]["event"]["id"])).strip()
        clock = datetime.fromtimestamp(line.at_ms / 1000).strftime("%H:%M:%S")
        screen.line(
            f"{line.at_ms - delivered_ms:8.0f} {line.at_ms - before:10.0f}  {line.after:<18} {clock}  {cause}"
        )
        before = line.at_ms


def show_end(screen: Screen, cloud: LocalAws, group: str, https: str, closed_ms: float | None) -> int:
    """Asks EC2 itself, whatever the ledger says."""
    now = cloud.ingress(group)
    ssh_open = [rule for rule in now.values() if rule["FromPort"] == 22]
    good = closed_ms is not None and not ssh_open and set(now) == {https}
    if good:
        screen.verdict(
            True, f"SSH is closed again, the legitimate rule {https} stands, and the ledger says REVERTED."
        )
        return 0
    if ssh_open:
        screen.verdict(False, f"SSH is still open: {', '.join(describe(rule) for rule in ssh_open)}")
    if https not in now:
        screen.verdict(False, f"the legitimate rule {https} is gone")
    if closed_ms is None:
        screen.verdict(False, "the finding did not come to REVERTED")
    return 1


def describe(rule: dict[str, Any]) -> str:
    ports = (
        f"{rule['FromPort']}"
        if rule["FromPort"] == rule["ToPort"]
        else f"{rule['FromPort']}-{rule['ToPort']}"
    )
    origin = rule.get("CidrIpv4") or rule.get("CidrIpv6")
    return f"{rule['SecurityGroupRuleId']}  {rule['IpProtocol']} {ports} from {origin}"


def source(opening: dict[str, Any]) -> str:
    return str(opening["source"].get("net", opening["source"]))


if __name__ == "__main__":
    sys.exit(main())
