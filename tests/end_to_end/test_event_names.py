"""The names of calls that `gardefou check` knows are those of the API models of the pinned botocore."""

from __future__ import annotations

import subprocess
import sys

from local_aws.places import ROOT

NAMES = ROOT / "shared/rules/event-names"


def test_the_names_are_generated_from_the_pinned_models() -> None:
    made = subprocess.run([sys.executable, NAMES / "generate.py"], check=True, capture_output=True, text=True)
    assert made.stdout == (NAMES / "models.txt").read_text()
