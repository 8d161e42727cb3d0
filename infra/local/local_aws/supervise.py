"""Runs a server, and ends it with all its children as soon as whoever started it is gone.

    supervise.py SCRATCH PROGRAM [ARGUMENT…]

Whoever starts it holds the other end of its standard input, which closes however they end, killed or not.
SCRATCH is removed at the end. Must lead a session of its own: at the end it kills its whole process group.
"""

import os
import select
import shutil
import signal
import subprocess
import sys

TERM_SECONDS = 3


def main() -> None:
    scratch, command = sys.argv[1], sys.argv[2:]
    for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=default_signals)
    ended = os.pidfd_open(server.pid)
    select.select([sys.stdin.fileno(), ended], [], [])
    os.killpg(0, signal.SIGTERM)
    try:
        server.wait(TERM_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
    shutil.rmtree(scratch, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def default_signals() -> None:
    for restored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(restored, signal.SIG_DFL)


if __name__ == "__main__":
    main()
