"""Figures on lines of their own, so that a script can read them: `figure NAME VALUE UNIT (goal <= LIMIT)`."""

from __future__ import annotations


def figure(
    name: str, value: float, unit: str, goal: float | None = None, at_least: bool = False
) -> bool:
    """Prints it; is it within the goal?"""
    limit = f" (goal {'>=' if at_least else '<='} {goal:g})" if goal is not None else ""
    print(f"figure {name} {value:.5g} {unit}{limit}", flush=True)
    return goal is None or (value >= goal if at_least else value <= goal)


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that so many percent do not pass."""
    ordered = sorted(values)
    at = -(-len(ordered) * percent // 100)
    return ordered[max(int(at), 1) - 1]
