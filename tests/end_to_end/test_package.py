"""The zips that are deployed."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import pytest
from local_aws.guard import packager
from local_aws.places import ROOT

FUNCTIONS = ("evaluate", "revert-network", "notify", "sweep")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Functions as `cargo lambda` leaves them, and a configuration."""
    for function in FUNCTIONS:
        (tmp_path / "lambda" / function).mkdir(parents=True)
        (tmp_path / "lambda" / function / "bootstrap").write_bytes(function.encode() * 1000)
    (tmp_path / "gardefou.yaml").write_text("mode: observe\n")
    return tmp_path


def make(built: Path, out: str) -> dict[str, Path]:
    return dict(packager().package(built / "lambda", built / "gardefou.yaml", built / out))


def test_the_same_input_gives_the_same_bytes(built: Path) -> None:
    first = make(built, "first")
    later = time.time() + 86_400
    for path in built.rglob("bootstrap"):
        os.utime(path, (later, later))
        path.chmod(0o600)
    second = make(built, "second")
    assert sorted(first) == sorted(FUNCTIONS)
    assert [path.read_bytes() for path in first.values()] == [path.read_bytes() for path in second.values()]


def test_a_zip_holds_the_bootstrap_the_rules_and_the_configuration_and_no_cases(built: Path) -> None:
    with zipfile.ZipFile(make(built, "out")["notify"]) as archive:
        names = archive.namelist()
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        assert archive.read("bootstrap") == b"notify" * 1000
        packed = json.loads(archive.read("rules.json"))
    rules = {path.parent.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "rules").rglob("rule.yaml")}
    assert rules and packed == rules
    assert names == ["bootstrap", "gardefou.yaml", "rules.json"]
    assert {name for name, mode in modes.items() if mode == 0o755} == {"bootstrap"}


def test_a_function_that_was_not_built_is_named(built: Path) -> None:
    (built / "lambda" / "notify" / "bootstrap").unlink()
    with pytest.raises(Exception, match="lambda/notify/bootstrap` has not been built"):
        make(built, "out")


def test_packs_of_one_s_own_travel_beside_the_shipped_one(built: Path) -> None:
    own = built / "company" / "payments" / "too-much-paid"
    own.mkdir(parents=True)
    (own / "rule.yaml").write_text("id: too-much-paid\n")
    packs = [ROOT / "rules", built / "company"]
    zips = packager().package(built / "lambda", built / "gardefou.yaml", built / "out", packs)
    names = json.loads(zipfile.ZipFile(zips["evaluate"]).read("rules.json"))
    assert "rules/payments/too-much-paid" in names
    assert "rules/network/ec2-sg-ssh-open" in names


def test_two_rules_of_one_name_are_not_packed(built: Path) -> None:
    with pytest.raises(Exception, match="there is another"):
        packager().package(built / "lambda", built / "gardefou.yaml", built / "out", [ROOT / "rules"] * 2)
