"""Lambda's Runtime API for one function process, with a stopwatch."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

NEXT = "/2018-06-01/runtime/invocation/next"
ANSWER_SECONDS = 30
DEADLINE_SECONDS = 60


class FunctionFailed(Exception):
    """It answered with an error, or not at all."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A function that is ended hangs up."""


class Function:
    """A bootstrap, started as Lambda starts it. A context manager: the process ends with it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._asks: queue.Queue[float] = queue.Queue()
        self._events: queue.Queue[Any] = queue.Queue()
        self._answers: queue.Queue[tuple[str, bytes, float]] = queue.Queue()
        self._server = Server(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._log = tempfile.TemporaryFile()
        api = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
            "LAMBDA_TASK_ROOT": str(folder),
        }
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [str(folder / "bootstrap")], cwd=folder, env={**environment, **api}, stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def init_ms(self) -> float:
        """From the start of the process to its first question for work."""
        asked: float = self._taken(self._asks)
        return (asked - self._began) * 1000

    def invoke(self, event: Any) -> tuple[Any, float]:
        """Its answer, and the milliseconds it took."""
        began = time.perf_counter()
        self._events.put(event)
        kind, body, at = self._taken(self._answers)
        if kind != "response":
            raise FunctionFailed(f"{kind}: {body.decode(errors='replace')}")
        return json.loads(body), (at - began) * 1000

    def peak_mb(self) -> float:
        """The most resident memory it has had, in millions of bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
        return int(kib) * 1024 / 1e6

    def __enter__(self) -> Function:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._log.close()

    def _taken(self, results: queue.Queue[Any]) -> Any:
        try:
            return results.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            self._log.seek(0)
            written = self._log.read().decode(errors="replace")[-2000:]
            raise FunctionFailed(f"no answer; it wrote:{os.linesep}{written}") from None

    def _handler(function) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Nagle and delayed acknowledgements would add 40 ms to everything.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                function._asks.put(time.perf_counter())
                event = json.dumps(function._events.get()).encode()
                deadline = int((time.time() + DEADLINE_SECONDS) * 1000)
                self._reply(200, event, {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                    "Lambda-Runtime-Deadline-Ms": str(deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-3:123456789012:function:measured",
                    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
                })  # fmt: skip

            def do_POST(self) -> None:
                at = time.perf_counter()
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                function._answers.put((self.path.rsplit("/", 1)[-1], body, at))
                self._reply(202, b"{}", {})

            def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                """In one write."""
                lines = [
                    f"HTTP/1.1 {status} OK",
                    f"Content-Length: {len(body)}",
                    *(f"{k}: {v}" for k, v in headers.items()),
                ]
                self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
