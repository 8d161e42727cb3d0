"""`make demo` tells the truth."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

from conftest import Group
from local_aws.cloud import LocalAws
from local_aws.places import ROOT
from local_aws.screen import Screen
from story import SSH_TO_WORLD

demo = importlib.import_module("demo")


def test_the_demo_shows_the_whole_story_in_a_pipe_and_ends_well(lambda_dir: Path) -> None:
    command = [sys.executable, ROOT / "infra" / "local" / "demo.py", "--lambda-dir", lambda_dir]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "\x1b" not in run.stdout
    for part in ("ec2-sg-ssh-open", "revoke-ingress", "removed", "left alone", "SNS", "Slack", "REVERTED"):
        assert part in run.stdout, part


def test_the_demo_fails_when_the_port_is_still_open(cloud: LocalAws, group: Group) -> None:
    cloud.client("ec2").authorize_security_group_ingress(GroupId=group.id, IpPermissions=[SSH_TO_WORLD])
    assert demo.show_end(Screen(), cloud, group.id, group.https, 100.0) == 1


def test_the_demo_fails_when_the_legitimate_rule_is_gone(cloud: LocalAws, group: Group) -> None:
    cloud.client("ec2").revoke_security_group_ingress(GroupId=group.id, SecurityGroupRuleIds=[group.https])
    assert demo.show_end(Screen(), cloud, group.id, group.https, 100.0) == 1


def test_the_demo_fails_when_the_ledger_does_not_say_reverted(cloud: LocalAws, group: Group) -> None:
    assert demo.show_end(Screen(), cloud, group.id, group.https, None) == 1
    assert demo.show_end(Screen(), cloud, group.id, group.https, 100.0) == 0
