"""What the functions counted, from their logs (CloudWatch's embedded metric format)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


def log_lines(logs: Any, function: str) -> list[str]:
    """Everything a function wrote."""
    lines: list[str] = []
    asked: dict[str, Any] = {"logGroupName": f"/aws/lambda/{function}", "limit": 10_000}
    while True:
        answer = logs.filter_log_events(**asked)
        lines += [event["message"] for event in answer["events"]]
        if not answer.get("nextToken") or answer["nextToken"] == asked.get("nextToken"):
            return lines
        asked["nextToken"] = answer["nextToken"]


def counters(logs: Any, function: str) -> Counter[str]:
    """The sum of each number, over all batches so far."""
    total: Counter[str] = Counter()
    for line in log_lines(logs, function):
        for text in line.splitlines():
            total.update(numbers(text))
    return total


def numbers(text: str) -> dict[str, int]:
    """What a line counts; how long things took, and their percentiles, are no counts."""
    if '"_aws"' not in text:
        return {}
    try:
        written = json.loads(text[text.index("{") :])
    except ValueError:
        return {}
    metrics = (metric for metrics in written["_aws"]["CloudWatchMetrics"] for metric in metrics["Metrics"])
    return {metric["Name"]: written[metric["Name"]] for metric in metrics if metric["Unit"] == "Count"}
