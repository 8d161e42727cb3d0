"""Stands between the functions and the local AWS, and lets a part of their calls go wrong, as AWS does.

    python -m local_aws.fault_proxy --ministack PORT=URL [--moto PORT=URL] [--seed N] [--rates JSON] [--hang-seconds N]

Listens on 127.0.0.1. Of the calls of each operation a share, drawn by the seed and the call's number:

    error      500 in the service's own shape; nothing was applied
    throttle   the service's own refusal for too many calls; nothing was applied
    lost       applied and answered, but the connection ends without the answer
    hang       no answer for `hang_seconds`, then the connection ends; half of them were applied (`hang_applied`)

The n-th call of an operation meets the same fault whenever the seed is the same, however calls interleave.
GET /_faults tells `on rates only seed hang_seconds`, the counts by operation, and the ports that wait for an answer.
PUT /_faults changes any of the first five: `only` are patterns such as `dynamodb.*`, `seed` also begins to number anew.
What speaks neither JSON nor query (S3), and everything while `on` is false, passes as it is.

The moto listener also tells moto (`x-moto-account-id`) the account of a session: moto cannot know ministack's sessions,
so their accounts are read from the answers to AssumeRole.

Why not the package microburst (0.10.0): its chances have no seed (each is random, or one fate for all calls of a
resource), it cannot end a connection after a silence (it answers 504), two upstreams are two processes with counts of
their own, it knows no accounts, and its first call of each service takes longer than some functions may run.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import select
import socket
import threading
from collections import Counter, defaultdict
from fnmatch import fnmatch
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .fault_shapes import Call, read_call, refusal

CONTROL = "/_faults"
KINDS = ("error", "throttle", "lost", "hang")
# Of this connection, not of the call; the lengths are written anew.
OF_THE_CONNECTION = {"connection", "keep-alive", "expect", "transfer-encoding", "content-length"}
ASSUMED = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>.*<Arn>arn:[\w-]+:sts::(\d{12}):assumed-role/", re.DOTALL)
# Longer than anything the local AWS takes.
UPSTREAM_SECONDS = 120


class Faults:
    """Which call meets what, and what each has met."""

    SETTINGS = ("on", "rates", "only", "seed", "hang_seconds")

    def __init__(self, seed: int, rates: dict[str, float], hang_seconds: float) -> None:
        self.on, self.only = True, ["*"]
        self.seed, self.rates, self.hang_seconds = seed, rates, hang_seconds
        self.waiting: set[int] = set()
        self.accounts: dict[str, str] = {}
        self._numbers: Counter[str] = Counter()
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._lock = threading.Lock()
        self.change({"rates": rates})

    def draw(self, call: Call) -> tuple[str, float]:
        """The kind of fault or `passed`, and a number in [0, 1) that decides what the kind leaves open."""
        with self._lock:
            kind, rest = self._drawn(call)
            applied = kind == "hang" and rest < 0.5
            self._counts[call.name]["hang_applied" if applied else kind] += 1
            return kind, rest

    def _drawn(self, call: Call) -> tuple[str, float]:
        if not (self.on and call.protocol and any(fnmatch(call.name, pattern) for pattern in self.only)):
            return "passed", 0.0
        number = self._numbers[call.name]
        self._numbers[call.name] += 1
        chance = random.Random(f"{self.seed} {call.name} {number}")
        at = chance.random()
        for kind in KINDS:
            at -= self.rates.get(kind, 0.0)
            if at < 0:
                return kind, chance.random()
        return "passed", 0.0

    def change(self, wanted: dict[str, Any]) -> None:
        unknown = [*(set(wanted) - set(self.SETTINGS)), *(set(wanted.get("rates", {})) - set(KINDS))]
        if unknown or sum(wanted.get("rates", {}).values()) > 1:
            raise ValueError(f"unknown {unknown}, or rates of more than 1 together")
        with self._lock:
            for name, value in wanted.items():
                setattr(self, name, value)
            if "seed" in wanted:
                self._numbers.clear()

    def told(self) -> dict[str, Any]:
        with self._lock:
            settings = {name: getattr(self, name) for name in self.SETTINGS}
            counts = {name: dict(counter) for name, counter in self._counts.items()}
            return {**settings, "counts": counts, "waiting": sorted(self.waiting)}


def handler(faults: Faults, upstream: str, to_moto: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_any(self) -> None:
            if "Transfer-Encoding" in self.headers:
                self.close_connection = True
                return self.reply(411, {}, b"a length is needed")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == CONTROL:
                return self.control(body)
            port = self.client_address[1]
            faults.waiting.add(port)
            try:
                self.proxy(body)
                self.wfile.flush()
            except OSError:
                self.close_connection = True
            finally:
                faults.waiting.discard(port)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_any

        def control(self, body: bytes) -> None:
            try:
                faults.change(json.loads(body) if self.command == "PUT" else {})
                self.reply(200, {"Content-Type": "application/json"}, json.dumps(faults.told()).encode())
            except (ValueError, TypeError, AttributeError) as error:
                self.reply(400, {}, str(error).encode())

        def proxy(self, body: bytes) -> None:
            call = read_call(self.command, self.headers, body)
            kind, rest = faults.draw(call)
            if kind in ("error", "throttle"):
                return self.reply(*refusal(call, kind, rest, self.headers.get("Content-Type", "")))
            answer = self.forward(call, body) if kind != "hang" or rest < 0.5 else None
            if kind == "passed" and answer:
                return self.reply(*answer)
            if kind == "hang":
                # Readable: the client has gone.
                select.select([self.connection], [], [], faults.hang_seconds)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def forward(self, call: Call, body: bytes) -> tuple[int, Any, bytes]:
            # A connection each: one that is kept may be closed by the server just when it is used again.
            to = HTTPConnection(upstream, timeout=UPSTREAM_SECONDS)
            try:
                to.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in OF_THE_CONNECTION:
                        to.putheader(name, value)
                account = call.key if re.fullmatch(r"\d{12}", call.key) else faults.accounts.get(call.key)
                if to_moto and account:
                    to.putheader("x-moto-account-id", account)
                to.putheader("Content-Length", str(len(body)))
                to.putheader("Connection", "close")
                to.endheaders(body)
                answer = to.getresponse()
                content = answer.read()
            finally:
                to.close()
            if call.name == "sts.AssumeRole" and (assumed := ASSUMED.search(content)):
                faults.accounts[assumed[1].decode()] = assumed[2].decode()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in OF_THE_CONNECTION]
            return answer.status, kept, content

        def reply(self, status: int, headers: Any, content: bytes) -> None:
            self.send_response_only(status)
            for name, value in dict(headers).items() if isinstance(headers, dict) else headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ministack", required=True, metavar="PORT=URL")
    parser.add_argument("--moto", metavar="PORT=URL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rates", type=json.loads, default={}, help='such as {"error": 0.05}')
    parser.add_argument("--hang-seconds", type=float, default=30)
    given = parser.parse_args()
    faults = Faults(given.seed, given.rates, given.hang_seconds)
    threads = []
    for listen, to_moto in ((given.ministack, False), (given.moto, True)):
        if listen:
            port, _, url = listen.partition("=")
            server = Listener(("127.0.0.1", int(port)), handler(faults, urlsplit(url).netloc, to_moto))
            threads.append(threading.Thread(target=server.serve_forever))
            threads[-1].start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
