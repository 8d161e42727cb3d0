"""Waiting for something to become true, by asking."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.05


class NeverHappened(AssertionError):
    """What was waited for did not come in time."""


def until(what: str, ask: Callable[[], T | None], seconds: float = 30, pause: float = POLL_SECONDS) -> T:
    """The first true answer of `ask`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NeverHappened(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
