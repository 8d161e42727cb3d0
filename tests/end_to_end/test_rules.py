"""Rules of every pack at work: a recorded call goes in, people hear of what is wrong with it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from local_aws.cloudtrail import ACCOUNT
from local_aws.guard import Guard
from local_aws.places import ROOT
from story import told

Json = dict[str, Any]

# One call of each pack, and the rule that it violates.
CALLS = {
    "availability": ("rds/ModifyDBInstance/backups-off.json", "rds-backup-disabled"),
    "cost": ("dlm/UpdateLifecyclePolicy/disabled.json", "backup-lifecycle-disabled"),
    "data": ("s3/PutBucketAcl/grant-headers.json", "s3-bucket-public-acl"),
    "deployment": ("codebuild/UpdateProjectVisibility/public.json", "pipeline-gate-removed-project-public"),
    "encryption": ("kms/ScheduleKeyDeletion/in-seven-days.json", "kms-key-disabled-or-deletion-scheduled"),
    "governance": ("bedrock/DeleteGuardrail/whole.json", "service-guardrail-tracked-model-guardrail"),
    "identity": ("lambda/AddPermission20150331v2/anyone.json", "lambda-public-permission"),
    "logging": ("cloudtrail/StopLogging/by-name.json", "cloudtrail-logging-stopped"),
    "network": ("ec2/EnableSerialConsoleAccess/done.json", "ec2-serial-console-enabled"),
    "secrets": ("ec2/ModifyInstanceMetadataOptions/tokens-optional.json", "ec2-imdsv1-allowed"),
}


def fresh(path: str, **changed: Any) -> Json:
    """A recorded call as if it happened now."""
    text = (ROOT / "events" / path).read_text()
    record = json.loads(text.replace("111122223333", ACCOUNT))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**record, "eventID": str(uuid.uuid4()), "eventTime": now, **changed}


@pytest.mark.parametrize("pack", sorted(CALLS))
def test_people_hear_of_a_call_that_a_rule_of_the_pack_forbids(guard: Guard, pack: str) -> None:
    path, rule = CALLS[pack]
    event = guard.deliver(fresh(path))
    finding = told(guard, guard.ledger.await_finding(event, "MANUAL").id)
    assert rule in finding.rules
    assert guard.ledger.event(event)["result"] == "violating"


def test_a_burst_of_refused_calls_is_one_finding_and_each_of_them_is_recorded(guard: Guard) -> None:
    actor = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{uuid.uuid4()}",
        "accountId": ACCOUNT,
        "userName": "mallory",
    }
    refused = {"userIdentity": actor, "errorCode": "AccessDenied", "responseElements": None}
    calls = [fresh("ec2/EnableSerialConsoleAccess/done.json", **refused) for _ in range(12)]
    events = [guard.deliver(call) for call in calls]
    seen = [guard.ledger.await_event(event) for event in events]
    found = {finding for one in seen for finding in one["findings"]}
    bursts = [finding for finding in map(guard.ledger.finding, found) if "unauthorized-calls-burst" in finding.rules]
    assert len(bursts) == 1
    assert bursts[0].state in ("OBSERVED", "MANUAL")
