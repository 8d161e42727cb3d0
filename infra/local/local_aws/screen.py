"""Steps and quotations on a terminal, or in a pipe without colours."""

from __future__ import annotations

import os
import sys
import textwrap
import time

WIDTH = 110
COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Screen:
    """Prints what happens when it happens, with the seconds since it began."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, text: str, *styles: str) -> str:
        if not self._coloured:
            return text
        codes = ";".join(COLOURS[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def title(self, text: str) -> None:
        self._print(self.paint(text, "bold"))

    def step(self, what: str, *details: str) -> None:
        seconds = self.paint(f"{time.monotonic() - self._began:6.2f} s", "dim")
        self._print(f"\n{seconds}  {self.paint(what, 'bold', 'cyan')}")
        for detail in details:
            self.line(detail)

    def line(self, text: str) -> None:
        for wrapped in textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False) or [""]:
            self._print(f"          {wrapped}")

    def quote(self, text: str) -> None:
        """A message as people get it."""
        bar = self.paint("│", "yellow")
        for line in text.splitlines():
            wrapped = textwrap.wrap(
                line, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
            )
            for part in wrapped or [""]:
                self._print(f"          {bar} {part}")

    def verdict(self, good: bool, text: str) -> None:
        self._print(
            f"\n{self.paint('✔' if good else '✘', 'bold', 'green' if good else 'red')} {self.paint(text, 'bold')}"
        )

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)
