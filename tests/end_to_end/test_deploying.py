"""infra/deploy.sh with the real AWS CLI, against the local AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from local_aws.cloud import LocalAws
from local_aws.guard import packager
from local_aws.places import REGION, ROOT

STACK = "guard-by-script"


@pytest.mark.skipif(not shutil.which("aws"), reason="the AWS CLI is not installed")
def test_the_script_deploys_changes_nothing_the_second_time_and_publishes_a_version_for_a_new_parameter(
    cloud: LocalAws, lambda_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "gardefou.yaml").write_text("mode: observe\n")
    packager().package(lambda_dir, tmp_path / "gardefou.yaml", tmp_path, effort=1)
    assert "create/update" in deploy(cloud, tmp_path)
    assert live_version(cloud) == "1"
    assert "No changes" in deploy(cloud, tmp_path)
    assert live_version(cloud) == "1"
    deploy(cloud, tmp_path, "VerifyFirstSeconds=12")
    assert live_version(cloud) == "2"


def deploy(cloud: LocalAws, zips: Path, *parameters: str) -> str:
    root = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL": cloud.url}
    command = [ROOT / "infra" / "deploy.sh", STACK, REGION, zips, *parameters]
    run = subprocess.run(command, env={**os.environ, **root}, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"{STACK}-evaluate" in run.stdout
    return run.stdout


def live_version(cloud: LocalAws) -> str:
    alias = cloud.client("lambda").get_alias(FunctionName=f"{STACK}-evaluate", Name="live")
    return str(alias["FunctionVersion"])
