"""A local AWS with a proxy that makes no faults until it is told to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "infra" / "local"), str(ROOT / "tests" / "end_to_end"), str(ROOT / "tests" / "soak")]

from local_aws.cloud import LocalAws
from local_aws.faults import FaultProxy, Faults
from local_aws.places import LAMBDA_DIR


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")


@pytest.fixture(scope="session")
def lambda_dir(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.getoption("--lambda-dir"))


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalAws]:
    with LocalAws(faults=Faults(rates={})) as cloud:
        yield cloud


@pytest.fixture
def proxy(cloud: LocalAws) -> Iterator[FaultProxy]:
    """The proxy, on and without any fault; and so again after the test."""
    assert cloud.faults
    quiet = {"on": True, "rates": {}, "only": ["*"], "seed": 1, "hang_seconds": 30}
    cloud.faults.set(**quiet)
    yield cloud.faults
    cloud.faults.set(**quiet)
