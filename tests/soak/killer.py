"""Kills functions in the middle of their work.

The local AWS runs each execution environment as a process of its own process group, and keeps it between invocations.
What follows SIGKILL in the middle of an invocation, with ministack 1.5.33: it sees within 0.1 s that the process has
ended and fails the invocation (`Runtime.ExitError`); the whole batch comes back when its visibility time-out is over,
and counts as received once more; the next invocation starts a new process. A doorbell that comes back while the dead
worker's lease still holds (95 s) is acknowledged and nobody rings again: give `revert` no shorter a time-out than that.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

from local_aws.cloud import LocalAws

NAME = b"AWS_LAMBDA_FUNCTION_NAME="


def processes(cloud: LocalAws, function: str) -> list[int]:
    """The processes of a function's execution environments, at work or idle; `function` as in the stack's outputs."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        pid = int(place.name)
        try:
            if os.getpgid(pid) != cloud.ministack.supervisor.pid:
                continue
            if NAME + function.encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(pid)
        except OSError:
            continue
    return found


def kill_in_a_call(cloud: LocalAws, function: str, chance: random.Random) -> int | None:
    """Kills one of a function's processes that waits for an answer from AWS; its id, or nothing if none does.

    Needs the fault proxy, with or without faults: it knows which calls are not yet answered.
    """
    assert cloud.faults
    candidates = processes(cloud, function)
    waiting = cloud.faults.waiting()
    for pid in chance.sample(candidates, len(candidates)):
        try:
            if not waiting & ports(pid):
                continue
            # It can't take an answer any more: whatever is open now, it dies in the middle of.
            os.kill(pid, signal.SIGSTOP)
            if cloud.faults.waiting() & ports(pid):
                os.kill(pid, signal.SIGKILL)
                return pid
            os.kill(pid, signal.SIGCONT)
        except OSError:
            continue
    return None


def ports(pid: int) -> set[int]:
    """The local ports of a process's connections."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    own = {link[8:-1] for link in links if link.startswith("socket:[")}
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(fields[1].rsplit(":", 1)[1], 16) for fields in lines if fields[9] in own}
