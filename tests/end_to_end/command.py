"""The `gardefou` command on a deployed guard, as a person would run it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.guard import Guard
from local_aws.places import LAMBDA_DIR, REGION

SECONDS_MAX = 60


@dataclass(frozen=True)
class Ran:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    def json(self) -> list[dict[str, Any]]:
        """What it wrote, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def program() -> Path:
    """The command as `cargo test` and `cargo run` built it, the newest."""
    target = LAMBDA_DIR.parent
    built = [*target.glob("debug/gardefou"), *target.glob("*/debug/gardefou")]
    assert built, f"no `gardefou` below `{target}`: cargo build --package gardefou"
    return max(built, key=lambda path: path.stat().st_mtime)


def gardefou(guard: Guard, *args: str) -> Ran:
    """Runs the command; nothing of this machine's own AWS configuration reaches it."""
    environment = {
        "AWS_ENDPOINT_URL": guard.cloud.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "GARDEFOU_STACK": guard.name,
    }  # fmt: skip
    ran = subprocess.run(
        [program(), *args], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS_MAX, check=False,
    )  # fmt: skip
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def done(guard: Guard, *args: str) -> Ran:
    """Runs the command, which must end well and complain of nothing."""
    ran = gardefou(guard, *args)
    assert (ran.code, ran.err) == (0, ""), ran
    return ran
