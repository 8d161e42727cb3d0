"""Faults between the functions and the local AWS: the proxy as a server of its own, and what it is asked."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from .servers import free_port, start

PACKAGES = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Faults:
    """The share of calls that meet each kind of fault (see fault_proxy.py), and the seed that draws them."""

    rates: dict[str, float] = field(
        default_factory=lambda: {"error": 0.05, "throttle": 0.05, "lost": 0.02, "hang": 0.01}
    )
    seed: int = 1
    hang_seconds: float = 30


class FaultProxy:
    """A running proxy. A context manager: the proxy ends with it, or with this process."""

    def __init__(self, faults: Faults, ministack: str, moto: str = "", port: int = 0) -> None:
        """`ministack` and `moto` are URLs; `port` is where ministack's callers are expected."""
        port = port or free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.ec2_url = ""
        command = [sys.executable, "-P", "-m", f"{__package__}.fault_proxy", f"--ministack={port}={ministack}"]
        if moto:
            ec2_port = free_port()
            self.ec2_url = f"http://127.0.0.1:{ec2_port}"
            command.append(f"--moto={ec2_port}={moto}")
        command += [f"--seed={faults.seed}", f"--rates={json.dumps(faults.rates)}"]
        command += [f"--hang-seconds={faults.hang_seconds}"]
        self.server = start("faults", command, {"PYTHONPATH": str(PACKAGES)}, self.url, "/_faults")

    def set(self, **settings: Any) -> None:
        """Changes some of `on rates only seed hang_seconds`."""
        self._ask(urllib.request.Request(self.url + "/_faults", json.dumps(settings).encode(), method="PUT"))

    def by_operation(self) -> dict[str, Counter[str]]:
        """What calls have met so far, by operation such as `dynamodb.PutItem`; `passed` is what met nothing."""
        return {name: Counter(counts) for name, counts in self._told()["counts"].items()}

    def counts(self) -> Counter[str]:
        """What calls have met so far, all operations together."""
        return sum(self.by_operation().values(), Counter())

    def waiting(self) -> set[int]:
        """The callers' ports on which a call has begun and is not yet answered."""
        return set(self._told()["waiting"])

    def stop(self) -> None:
        self.server.stop()

    def _told(self) -> dict[str, Any]:
        return self._ask(urllib.request.Request(self.url + "/_faults"))

    @staticmethod
    def _ask(request: urllib.request.Request) -> dict[str, Any]:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
