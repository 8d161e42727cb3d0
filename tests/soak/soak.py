#!/usr/bin/env python3
"""T-4 and T-5: many events over five accounts, through faults and killed functions, with the real binaries.

Some of the calls between the functions and AWS fail, are throttled, lose their answer after they were applied, or hang;
functions are killed while they hold a claim. Then the faults stop, and everything must come to its right end: nothing
lost, nothing reverted twice, nothing reverted that should have stayed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "infra" / "local"), str(HERE.parents[1] / "end_to_end"), str(HERE.parent)]

from figures import figure
from killer import kill_in_a_call
from local_aws.cloud import LocalAws
from local_aws.faults import Faults
from local_aws.guard import Guard, deploy
from local_aws.ledger import Finding
from local_aws.places import LAMBDA_DIR
from local_aws.waiting import until
from world import MEMBERS, Opened, Sent, deliver, make

# Of the template: an approval, a lease, and what a killed function leaves behind take their real time. Only what a
# failed message waits for is shorter than shipped, and longer than its function may run.
EVENTS_RETRY, REVERT_RETRY = 60, 120
ENDS = {"REVERTED", "RESOLVED", "MANUAL", "OBSERVED"}
TICK_SECONDS = 60


@dataclass
class Outcome:
    """What came of it; each is printed as a figure."""

    lost: list[str] = field(default_factory=list)
    reverted_twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    poison_in_dlq: int = 0
    reverted: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    redriven: int = 0
    ticks: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--reverts", type=int, default=1_100)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with LocalAws(faults=Faults(seed=asked.seed)) as cloud:
        outcome, sent = run(cloud, asked.lambda_dir, asked.events, asked.reverts, asked.kills, asked.seed)
    sys.exit(0 if report(outcome, sent, asked.events, asked.reverts, asked.kills) else 1)


def report(outcome: Outcome, sent: Sent, events: int, reverts: int, kills: int) -> bool:
    """Prints the figures; is each within its goal?"""
    poison = 100.0 * outcome.poison_in_dlq / max(1, len(sent.poison))
    kept = [
        figure("soak_events", len(sent.bodies), "events", events, at_least=True),
        figure("soak_lost", len(outcome.lost), "events", 0),
        figure("soak_reverted_twice", len(outcome.reverted_twice), "lines", 0),
        figure("soak_wrong_reverts", len(outcome.wrong), "lines", 0),
        figure("soak_unbalanced", len(outcome.unbalanced), "kinds", 0),
        figure("soak_poison_in_dlq_pct", poison, "%", 100, at_least=True),
        figure("soak_reverted", outcome.reverted, "findings", min(1_000, reverts), at_least=True),
        figure("soak_kills", outcome.kills, "processes", kills, at_least=True),
        figure("soak_faults", sum(outcome.faults.values()), "calls", min(1_000, events), at_least=True),
        figure("soak_ticks", outcome.ticks, "sweep ticks", 3),
    ]
    figure("soak_redriven", outcome.redriven, "messages")
    for name, found in vars(outcome).items():
        if isinstance(found, list) and found:
            print(f"{name}: {found[:20]}")
    return all(kept)


def run(
    cloud: LocalAws, lambda_dir: Path, events: int, reverts: int, kills: int, seed: int
) -> tuple[Outcome, Sent]:
    assert cloud.faults
    chance = random.Random(seed)
    cloud.faults.set(on=False)
    guard = deploy(cloud, "soak", "revert", lambda_dir=lambda_dir, members=MEMBERS)
    guard.retry_after("EventsQueueUrl", EVENTS_RETRY)
    guard.retry_after("RevertNetworkQueueUrl", REVERT_RETRY)
    sent = make(cloud, events, reverts, chance)
    outcome = Outcome()
    cloud.faults.set(on=True, seed=seed)
    deliver(guard, sent)
    disturb(guard, sent, outcome, kills, chance)
    outcome.faults = Counter(
        {kind: count for kind, count in cloud.faults.counts().items() if kind != "passed"}
    )
    cloud.faults.set(on=False)
    settle(guard, sent, outcome)
    judge(guard, sent, outcome)
    return outcome, sent


def disturb(guard: Guard, sent: Sent, outcome: Outcome, kills: int, chance: random.Random) -> None:
    """Kills functions in the middle of their work, until most of it is done."""
    deadline = time.monotonic() + 1_500
    while time.monotonic() < deadline:
        states = Counter(finding.state for finding in found(guard))
        done = sum(states[state] for state in ENDS)
        enough = done >= 0.9 * len(sent.violating) and guard.waiting("EventsQueueUrl") < len(sent.bodies) / 50
        if enough and outcome.kills >= kills:
            return
        for _ in range(40):
            # One that holds a claim, most of the time: the others are killed while they write findings and tell people.
            function = chance.choice(["RevertNetworkFunction"] * 3 + ["EvaluateFunction", "NotifyFunction"])
            wanted = outcome.kills * len(sent.violating) <= (done + 1) * kills
            if wanted and kill_in_a_call(guard.cloud, guard.outputs[function], chance):
                outcome.kills += 1
                break
            time.sleep(0.1)
        print(f"  {dict(states)}, {guard.waiting('EventsQueueUrl')} events to come, {outcome.kills} killed", flush=True)


def settle(guard: Guard, sent: Sent, outcome: Outcome) -> None:
    """The faults have stopped: how many ticks of the sweep does it take?"""
    began = time.monotonic()
    redrive(guard, sent, outcome)

    def settled() -> bool:
        if any(guard.waiting(queue) for queue in ("EventsQueueUrl", "RevertNetworkQueueUrl")):
            return False
        redrive(guard, sent, outcome)
        findings = found(guard)
        return len(findings) >= len(sent.violating) and all(finding.state in ENDS for finding in findings)

    until("everything to come to its end", settled, 900, pause=2)
    outcome.ticks = (time.monotonic() - began) / TICK_SECONDS


def redrive(guard: Guard, sent: Sent, outcome: Outcome) -> None:
    """What died of faults alone is put back, as an operator would; the poison stays."""
    sqs = guard.cloud.client("sqs")
    for dead, queue in (("EventsDlqUrl", "EventsQueueUrl"), ("RevertNetworkDlqUrl", "RevertNetworkQueueUrl")):
        if guard.waiting(dead) <= (len(sent.poison) if queue == "EventsQueueUrl" else 0):
            continue
        while messages := sqs.receive_message(
            QueueUrl=guard.outputs[dead], MaxNumberOfMessages=10, VisibilityTimeout=5
        ).get("Messages"):
            for message in messages:
                if message["Body"] in sent.poison:
                    continue
                sqs.send_message(QueueUrl=guard.outputs[queue], MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=guard.outputs[dead], ReceiptHandle=message["ReceiptHandle"])
                outcome.redriven += 1


def judge(guard: Guard, sent: Sent, outcome: Outcome) -> None:
    findings = found(guard)
    by_event = {str(finding.finding["cause"]["event"]["id"]): finding for finding in findings}
    removed: Counter[str] = Counter()
    for one in sent.violating:
        finding = by_event.get(one.event)
        if finding is None or finding.state not in ("REVERTED", "RESOLVED"):
            outcome.lost.append(f"{one.event}: {finding.label if finding else 'no finding'}")
            continue
        outcome.reverted += finding.state == "REVERTED"
        removed.update(finding.evidence.get("removed", []))
        stands(guard.cloud, one, outcome)
    outcome.reverted_twice = [line for line, times in removed.items() if times > 1]
    balance(guard, sent, outcome)


def stands(cloud: LocalAws, one: Opened, outcome: Outcome) -> None:
    """The opening is gone, the legitimate line is not."""
    left = set(cloud.ingress(one.group, one.account))
    if one.ssh in left:
        outcome.lost.append(f"{one.event}: {one.ssh} stands in {one.group}")
    if one.https not in left:
        outcome.wrong.append(f"{one.https} of {one.group}")


def balance(guard: Guard, sent: Sent, outcome: Outcome) -> None:
    """Each event is in the ledger exactly once, under what it is; the poison, and nothing else, is a dead letter."""
    results = guard.ledger.results()
    expected = Counter({"violating": len(sent.violating), "quiet": len(sent.quiet)})
    if results != expected:
        outcome.unbalanced.append(f"ledger {dict(results)}, sent {dict(expected)}")
    sqs = guard.cloud.client("sqs")
    dead: set[str] = set()
    while messages := sqs.receive_message(
        QueueUrl=guard.outputs["EventsDlqUrl"], MaxNumberOfMessages=10, VisibilityTimeout=300
    ).get("Messages"):
        dead.update(message["Body"] for message in messages)
    outcome.poison_in_dlq = len(dead & sent.poison)
    if dead - sent.poison:
        outcome.unbalanced.append(f"{len(dead - sent.poison)} good events are dead letters")
    counted = guard.counters()
    parts = ("Violating", "Undecided", "Quiet", "Echoes", "Ignored", "Duplicates", "Refused")
    if counted["EventsReceived"] != sum(counted[f"Events{part}"] for part in parts):
        outcome.unbalanced.append(f"metrics {dict(counted)}")


def found(guard: Guard) -> list[Finding]:
    return guard.ledger.all_findings()


if __name__ == "__main__":
    main()
