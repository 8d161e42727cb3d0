"""The soak, small enough for every run of the tests; `make soak` is the whole of it."""

from __future__ import annotations

from pathlib import Path

from local_aws.cloud import LocalAws
from local_aws.faults import Faults
from soak import report, run

EVENTS, REVERTS, KILLS = 300, 30, 3


def test_through_faults_and_killed_functions_nothing_is_lost_and_nothing_is_reverted_twice(
    lambda_dir: Path,
) -> None:
    with LocalAws(faults=Faults(seed=7)) as cloud:
        outcome, sent = run(cloud, lambda_dir, EVENTS, REVERTS, KILLS, seed=7)
    assert report(outcome, sent, EVENTS, REVERTS, KILLS)
