"""The loss of the ledger, small enough for every run of the tests; `make soak` is the whole of it."""

from __future__ import annotations

from pathlib import Path

from local_aws.cloud import LocalAws
from lost_table import run


def test_from_an_empty_ledger_one_pass_of_the_sweep_finds_every_violation_that_stands(lambda_dir: Path) -> None:
    with LocalAws() as cloud:
        assert run(cloud, lambda_dir, groups=600, violating=12)
