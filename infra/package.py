#!/usr/bin/env python3
"""Makes one reproducible zip for each function: its bootstrap, the rules and gardefou.yaml.

    infra/package.py --lambda-dir target/lambda --config gardefou.yaml --out target/zips

The same input gives the same bytes: sorted names, one date, fixed modes. Prints `<function> <zip> <sha256>`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

FUNCTIONS = ("evaluate", "revert-network", "notify", "sweep")
ROOT = Path(__file__).resolve().parent.parent
# The oldest date a zip can hold.
DATE = (1980, 1, 1, 0, 0, 0)
UNIX = 3


class Unpackable(Exception):
    """Something that must be in the zip is not there."""


def rule_texts(folders: Sequence[Path]) -> bytes:
    """Every rule.yaml by rules/<pack>/<rule>, in one file: hundreds of small ones cost more than what is in them.

    Without the cases: those are for whoever writes rules.
    """
    found: dict[str, str] = {}
    for folder in folders:
        rules = sorted(folder.rglob("rule.yaml"))
        if not rules:
            raise Unpackable(f"`{folder}` holds no rule.yaml")
        for rule in rules:
            name = f"rules/{rule.parent.parent.name}/{rule.parent.name}"
            if name in found:
                raise Unpackable(f"`{rule}`: there is another `{name}`")
            found[name] = rule.read_text(encoding="utf-8")
    return json.dumps(found, ensure_ascii=False, indent=0, sort_keys=True).encode()


def write_zip(target: Path, bootstrap: bytes, data: dict[str, bytes], effort: int) -> None:
    members = [("bootstrap", bootstrap, 0o755)] + [(name, text, 0o644) for name, text in data.items()]
    with zipfile.ZipFile(target, "w") as archive:
        for name, content, mode in sorted(members):
            info = zipfile.ZipInfo(name, DATE)
            info.create_system = UNIX
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, effort)


def package(
    lambda_dir: Path, config: Path, out: Path, rules: Sequence[Path] = (ROOT / "rules",), effort: int = 9
) -> dict[str, Path]:
    """The functions' zips by name; `effort` is zlib's, 1 to 9."""
    if not config.is_file():
        raise Unpackable(f"`{config}` is no file")
    data = {"gardefou.yaml": config.read_bytes(), "rules.json": rule_texts(rules)}
    out.mkdir(parents=True, exist_ok=True)
    zips = {}
    for function in FUNCTIONS:
        bootstrap = lambda_dir / function / "bootstrap"
        if not bootstrap.is_file():
            raise Unpackable(f"`{bootstrap}` has not been built")
        zips[function] = out / f"{function}.zip"
        write_zip(zips[function], bootstrap.read_bytes(), data, effort)
    return zips


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--lambda-dir", type=Path, required=True, help="where cargo lambda puts <function>/bootstrap"
    )
    parser.add_argument("--config", type=Path, required=True, help="the gardefou.yaml to deploy")
    parser.add_argument("--out", type=Path, required=True, help="where the zips go")
    parser.add_argument(
        "--rules",
        type=Path,
        action="append",
        help="a folder of rules; once for each pack (default: rules/)",
    )
    asked = parser.parse_args()
    try:
        zips = package(asked.lambda_dir, asked.config, asked.out, asked.rules or [ROOT / "rules"])
    except Unpackable as problem:
        print(f"package.py: {problem}", file=sys.stderr)
        return 1
    for function, path in zips.items():
        print(function, path, hashlib.sha256(path.read_bytes()).hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
