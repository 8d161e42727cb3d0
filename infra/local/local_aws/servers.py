"""Starts ministack and moto on free loopback ports, and waits until they answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from . import supervise
from .places import ACCOUNT, REGION, program

READY_SECONDS = 30
STOP_SECONDS = 10


class ServerFailed(Exception):
    """It did not come up; the text ends with what it wrote."""


@dataclass
class Server:
    """A running server; it ends with `stop`, or with this process, whichever is first."""

    name: str
    url: str
    supervisor: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        if self.supervisor.stdin and not self.supervisor.stdin.closed:
            self.supervisor.stdin.close()
        self.supervisor.wait(STOP_SECONDS)

    def written(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_ministack(auth: bool = False, functions_call: str = "") -> Server:
    """`functions_call` is where the functions find AWS: this ministack itself unless told otherwise."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        # Its MQTT and SFTP listeners would open on every address in spite of BIND_HOST.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": functions_call or url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        **({"AUTH": "true"} if auth else {}),
    }
    return start("ministack", [str(program("ministack", "ministack"))], settings, url, "/_ministack/ready")


def start_moto() -> Server:
    port = free_port()
    command = [str(program("moto", "moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    return start("moto", command, {}, f"http://127.0.0.1:{port}", "/moto-api/")


def start(name: str, command: list[str], settings: dict[str, str], url: str, ready: str) -> Server:
    """The environment is made from nothing: the functions inherit ministack's."""
    scratch = Path(tempfile.mkdtemp(prefix=f"gardefou-{name}-"))
    log = scratch / "log"
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LANG": "C.UTF-8",
        **settings,
    }
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-I", str(Path(supervise.__file__)), str(scratch), *command],
            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env=environment, cwd=scratch, start_new_session=True,
        )  # fmt: skip
    server = Server(name, url, supervisor, log)
    wait_until_ready(server, url + ready)
    return server


def wait_until_ready(server: Server, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    written = ""
    while time.monotonic() < deadline:
        written = server.written() or written
        if server.supervisor.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    server.stop()
    raise ServerFailed(f"{server.name} did not answer at {url}{os.linesep}{written[-4000:]}")
