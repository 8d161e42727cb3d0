"""Figures on lines of their own, so that a script can read them: `figure NAME VALUE UNIT (goal <= LIMIT)`."""

from __future__ import annotations


def figure(name: str, value: float, unit: str, goal: float | None = None) -> bool:
    """Prints it; is it within the goal?"""
    limit = f" (goal <= {goal:g})" if goal is not None else ""
    print(f"figure {name} {value:.4g} {unit}{limit}", flush=True)
    return goal is None or value <= goal


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that so many percent do not pass."""
    ordered = sorted(values)
    at = -(-len(ordered) * percent // 100)
    return ordered[max(int(at), 1) - 1]
