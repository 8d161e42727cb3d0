"""One local AWS for the session, a guard for each mode, a security group for each test."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "local"))

from local_aws.cloud import LocalAws
from local_aws.counters import log_lines
from local_aws.guard import Guard, deploy
from local_aws.places import LAMBDA_DIR

# What every test group lets in before anything happens, and must let in afterwards.
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}

NOISE = re.compile("RequestId:|_aws")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")


@pytest.fixture(scope="session")
def lambda_dir(request: pytest.FixtureRequest) -> Path:
    return Path(request.config.getoption("--lambda-dir"))


@pytest.fixture(scope="session")
def cloud() -> Iterator[LocalAws]:
    with LocalAws() as cloud:
        yield cloud


@pytest.fixture(scope="session")
def guard_in(cloud: LocalAws, lambda_dir: Path) -> Callable[[str], Guard]:
    """The guard whose account allows a mode; deployed when it is first asked for."""
    guards: dict[str, Guard] = {}

    def guard_in(mode: str) -> Guard:
        if mode not in guards:
            guards[mode] = deploy(cloud, f"guard-{mode}", mode, lambda_dir=lambda_dir)
        return guards[mode]

    return guard_in


@pytest.fixture(scope="session")
def guard(guard_in: Callable[[str], Guard]) -> Guard:
    return guard_in("revert")


@pytest.fixture(scope="session")
def strict(lambda_dir: Path) -> Iterator[Guard]:
    """A guard where IAM is enforced.

    EC2 is ministack's here: moto knows no IAM. Its groups give all ranges of one permission one id, so each permission has
    one range; and it gives all groups where those are asked for that name another, so that is no limit here.
    """
    many = {"interfaces": 100_000, "load_balancers": 100_000, "references": 100_000}
    with LocalAws(auth=True, ec2_on_ministack=True) as cloud:
        yield deploy(cloud, "guard-strict", "revert", lambda_dir=lambda_dir, further={"blast_radius": many})


@dataclass(frozen=True)
class Group:
    """A security group with one legitimate rule."""

    id: str
    https: str
    cloud: LocalAws

    def rules(self) -> set[str]:
        return set(self.cloud.ingress(self.id))


@pytest.fixture(scope="session")
def vpc(cloud: LocalAws) -> str:
    return cloud.new_vpc()


@pytest.fixture
def group(cloud: LocalAws, vpc: str, request: pytest.FixtureRequest) -> Group:
    return new_group(cloud, vpc, request.node.name)


def new_group(cloud: LocalAws, vpc: str, name: str) -> Group:
    group = cloud.new_group(vpc, name[:200])
    answer = cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
    return Group(group, answer["SecurityGroupRules"][0]["SecurityGroupRuleId"], cloud)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A test that fails shows what the functions last wrote."""
    report = yield
    guard = getattr(item, "funcargs", {}).get("guard")
    if report.failed and isinstance(guard, Guard):
        logs = guard.cloud.client("logs")
        for output in ("EvaluateFunction", "RevertNetworkFunction", "NotifyFunction"):
            lines = [line for line in log_lines(logs, guard.outputs[output]) if not NOISE.search(line)]
            report.sections.append((output, "\n".join(lines[-10:])))
    return report
