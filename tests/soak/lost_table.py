#!/usr/bin/env python3
"""T-36: the ledger is empty, no event tells of anything, and the sweep finds every violation that stands."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "infra" / "local"), str(HERE.parents[1] / "end_to_end"), str(HERE.parent)]

from figures import figure
from local_aws.cloud import LocalAws
from local_aws.counters import log_lines
from local_aws.guard import Guard, deploy
from local_aws.places import LAMBDA_DIR
from local_aws.waiting import until
from world import SSH


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--violating", type=int, default=200)
    asked = parser.parse_args()
    with LocalAws() as cloud:
        sys.exit(0 if run(cloud, asked.lambda_dir, asked.groups, asked.violating) else 1)


def run(cloud: LocalAws, lambda_dir: Path, groups: int, violating: int) -> bool:
    """Every violating group has a finding after one pass, and no other has."""
    vpc, open_groups = cloud.new_vpc(), set()
    for number in range(groups):
        group = cloud.new_group(vpc, f"standing-{number}")
        if number % (groups // violating) == 0 and len(open_groups) < violating:
            cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
            open_groups.add(group)
    guard = deploy(cloud, "lost-table", "revert", lambda_dir=lambda_dir)
    began = time.monotonic()
    sweep(guard, "all")
    until("the pass to be over", lambda: is_over(guard), 600, pause=1)
    took = time.monotonic() - began
    # The default groups of the networks hold lines too, which another rule minds.
    about_ssh = [finding for finding in guard.ledger.all_findings() if "ec2-sg-ssh-open" in finding.rules]
    found = {str(finding.finding["resource"]["id"]) for finding in about_ssh}
    kept = [
        figure("sweep_found", len(found & open_groups), f"of {violating} among {groups} groups", violating, at_least=True),
        figure("sweep_found_wrongly", len(found - open_groups), "groups", 0),
        figure("sweep_pass_s", took, "s", 600),
    ]
    return all(kept)


def sweep(guard: Guard, job: str) -> None:
    """As the scheduler does; what one invocation does not get through, the next minute's goes on with."""
    guard.cloud.client("lambda").invoke(
        FunctionName=guard.outputs["SweepFunction"], Payload=json.dumps({"job": job}), InvocationType="Event"
    )


def is_over(guard: Guard) -> bool:
    """A pass that came through says how long it took."""
    written = log_lines(guard.cloud.client("logs"), guard.outputs["SweepFunction"])
    return any('"SweepMs"' in line for line in written)


if __name__ == "__main__":
    main()
