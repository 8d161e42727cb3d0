"""The local AWS is seen by nobody else, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from local_aws.places import ROOT
from local_aws.waiting import until

STARTER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from local_aws.cloud import LocalAws
cloud = LocalAws()
print(*(server.supervisor.pid for server in cloud._servers), flush=True)
time.sleep(600)
"""
LISTENING = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


def group_members(group: int) -> list[int]:
    """The processes of a process group that have not ended."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members


def listening_addresses(pid: int) -> set[str]:
    """The local addresses, in the kernel's hexadecimal, on which a process listens."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    own = {link[8:-1] for link in links if link.startswith("socket:[")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in own:
                found.add(fields[1].rsplit(":", 1)[0])
    return found


def test_it_listens_on_the_loopback_only_and_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(ROOT / "infra" / "local")],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert starter.stdout
    groups = [int(pid) for pid in starter.stdout.readline().split()]
    servers = [pid for group in groups for pid in group_members(group)]
    assert len(groups) == 2 and len(servers) >= 4
    addresses = set().union(*(listening_addresses(pid) for pid in servers))
    assert addresses and addresses <= LOOPBACK
    assert list(tmp_path.iterdir())
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    until("all servers to end", lambda: not [pid for group in groups for pid in group_members(group)], 15)
    assert list(tmp_path.iterdir()) == []
