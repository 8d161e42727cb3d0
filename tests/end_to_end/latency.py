#!/usr/bin/env python3
"""From an event delivered to a port closed, on the local AWS with warm functions (`make bench`)."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "local"))

from figures import figure, percentile
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import Guard, deploy
from local_aws.places import LAMBDA_DIR
from local_aws.waiting import until

RUNS = 50
WARM_UP = 5
# Late enough that no verification of an earlier run is in the way of a later one.
VERIFY_SECONDS = 900
POLL_SECONDS = 0.005
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    with LocalAws() as cloud:
        guard = deploy(cloud, "gardefou-bench", "revert", VERIFY_SECONDS, asked.lambda_dir)
        vpc = cloud.new_vpc()
        measured = [
            closed_after_ms(guard, cloud.new_group(vpc, f"run-{run}")) for run in range(WARM_UP + asked.runs)
        ]
    warm = measured[WARM_UP:]
    figure("closed_first_ms", measured[0], "ms")
    figure("closed_p50_ms", percentile(warm, 50), "ms", 250)
    figure("closed_p95_ms", percentile(warm, 95), "ms", 1000)


def closed_after_ms(guard: Guard, group: str) -> float:
    """Opens SSH to the world, delivers the event, and looks until EC2 says that it is gone."""
    ec2 = guard.cloud.client("ec2")
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    record = cloudtrail.authorize_record(group, [SSH], answer)
    began = time.perf_counter()
    guard.deliver(record)
    until("the port to be closed", lambda: not guard.cloud.ingress(group), pause=POLL_SECONDS)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
