"""Where things are, and what the local account is called."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "infra" / "template.yaml"
CACHE = Path(os.environ.get("GARDEFOU_CACHE") or Path.home() / ".cache" / "gardefou")
LAMBDA_DIR = Path(os.environ.get("CARGO_TARGET_DIR") or CACHE / "target") / "lambda"

# moto knows one account; ministack is told to be the same.
ACCOUNT = "123456789012"
REGION = "eu-west-3"


def program(environment: str, name: str) -> Path:
    """A program of one of the virtual environments that infra/local/setup.sh makes."""
    path = CACHE / f"venv-{environment}" / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"`{path}` is missing: run infra/local/setup.sh")
    return path
