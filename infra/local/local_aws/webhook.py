"""A Slack webhook on the loopback, which can be slow, broken or gone."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # So long nothing is answered; the connection stays open.
    hang_seconds: float = 0


@dataclass(frozen=True)
class Post:
    at: float
    path: str
    body: Any
    status: int


class Webhook:
    """Answers 200 unless told otherwise. Each path is a webhook of its own."""

    def __init__(self) -> None:
        self._posts: list[Post] = []
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="webhook", daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def answer_next(self, path: str, *answers: Answer) -> None:
        """The next posts to `path` are answered so, one each; those after them with 200."""
        with self._lock:
            self._answers[path] = deque(answers)

    def posts(self, path: str) -> list[Post]:
        """Everything that was posted, with what was answered."""
        with self._lock:
            return [post for post in self._posts if post.path == path]

    def delivered(self, path: str) -> list[Post]:
        return [post for post in self.posts(path) if post.status == 200]

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, body: Any) -> Answer:
        with self._lock:
            answers = self._answers[path]
            answer = answers.popleft() if answers else Answer()
            status = 0 if answer.hang_seconds else answer.status
            self._posts.append(Post(time.time(), path, body, status))
        self._closing.wait(answer.hang_seconds)
        return answer

    def _handler(webhook) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    body: Any = json.loads(text)
                except ValueError:
                    body = text.decode(errors="replace")
                answer = webhook._take(self.path, body)
                reply = b"ok" if answer.status == 200 else b"no"
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply)))
                    self.end_headers()
                    self.wfile.write(reply)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler
