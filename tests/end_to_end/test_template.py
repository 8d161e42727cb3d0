"""What the template must never lose. The local AWS ignores much of it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from local_aws.places import TEMPLATE, program
from template import listed, load, of_type, refs, statements

KEY = {"Fn::GetAtt": ["Key", "Arn"]}
TEMPLATE_BYTES_MAX = 1_000_000


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load()


def test_cfn_lint_finds_nothing() -> None:
    lint = subprocess.run(
        [program("tools", "cfn-lint"), TEMPLATE], capture_output=True, text=True, check=False
    )
    assert (lint.returncode, lint.stdout) == (0, "")


def test_the_template_fits_into_what_cloudformation_takes_from_a_bucket() -> None:
    assert len(TEMPLATE.read_bytes()) <= TEMPLATE_BYTES_MAX


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("AWS::SQS::Queue", ["KmsMasterKeyId"]),
        ("AWS::SNS::Topic", ["KmsMasterKeyId"]),
        ("AWS::Logs::LogGroup", ["KmsKeyId"]),
        ("AWS::DynamoDB::Table", ["SSESpecification", "KMSMasterKeyId"]),
    ],
    ids=lambda value: value.split("::")[1] if isinstance(value, str) else "",
)
def test_everything_that_keeps_data_is_encrypted_with_our_key(
    template: dict[str, Any], kind: str, place: list[str]
) -> None:
    found = of_type(template, kind)
    assert found
    for name, properties in found.items():
        value: Any = properties
        for step in place:
            value = value.get(step, {})
        assert value == KEY, name


def test_the_key_lets_eventbridge_sns_and_alarms_use_it(template: dict[str, Any]) -> None:
    (key,) = of_type(template, "AWS::KMS::Key").values()
    for service in ("events.amazonaws.com", "sns.amazonaws.com", "cloudwatch.amazonaws.com"):
        (grant,) = [
            one for one in key["KeyPolicy"]["Statement"] if one["Principal"].get("Service") == service
        ]
        assert grant["Effect"] == "Allow" and grant["Condition"]
        assert {"kms:Decrypt", "kms:GenerateDataKey"} <= {action.rstrip("*") for action in grant["Action"]}


def test_every_target_of_a_rule_is_retried_for_a_day_and_has_a_dead_letter_queue(
    template: dict[str, Any],
) -> None:
    rules = of_type(template, "AWS::Events::Rule")
    targets = [target for rule in rules.values() for target in rule["Targets"]]
    assert len(targets) == len(rules) > 1
    for target in targets:
        assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RuleDlq", "Arn"]}}


def test_only_our_rules_may_send_events_for_eventbridge(template: dict[str, Any]) -> None:
    (policy,) = [
        policy
        for policy in of_type(template, "AWS::SQS::QueuePolicy").values()
        if {"Ref": "EventsQueue"} in policy["Queues"]
    ]
    (statement,) = policy["PolicyDocument"]["Statement"]
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {"Fn::GetAtt": ["RuleDlq", "Arn"]} in statement["Resource"]
    assert sorted(source["Fn::GetAtt"][0] for source in sources) == sorted(
        of_type(template, "AWS::Events::Rule")
    )


def test_only_the_roles_that_write_findings_may_ring_revert_and_notify(template: dict[str, Any]) -> None:
    policies = of_type(template, "AWS::SQS::QueuePolicy").values()
    for queue in ("RevertNetworkQueue", "NotifyQueue"):
        (policy,) = [policy for policy in policies if policy["Queues"] == [{"Ref": queue}]]
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert sorted(set(refs(statement["Condition"]))) == [
            "EvaluateRole", "RevertNetworkRole", "SweepRole",
        ]  # fmt: skip


def test_every_work_queue_has_dead_letters_that_are_kept_longer_and_an_alarm(
    template: dict[str, Any],
) -> None:
    queues, functions = of_type(template, "AWS::SQS::Queue"), of_type(template, "AWS::Lambda::Function")
    watched = {
        name
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        for name in refs(alarm["Dimensions"])
    }
    for name, function in (
        ("EventsQueue", "Evaluate"),
        ("RevertNetworkQueue", "RevertNetwork"),
        ("NotifyQueue", "Notify"),
    ):
        queue = queues[name]
        dead = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert queues[dead]["MessageRetentionPeriod"] == 1_209_600 > queue["MessageRetentionPeriod"]
        assert queue["VisibilityTimeout"] >= 6 * functions[function]["Timeout"]
        assert {dead, function} <= watched
    assert "RuleDlq" in watched


def test_no_role_may_do_something_to_everything_except_what_reads_and_knows_no_resources(
    template: dict[str, Any],
) -> None:
    everything = [statement for _, statement in statements(template) if "*" in listed(statement["Resource"])]
    actions = [action for statement in everything for action in listed(statement["Action"])]
    assert set(actions) == {
        "cloudtrail:LookupEvents", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
        "ec2:DescribeSecurityGroupRules",
    }  # fmt: skip
    assert not [
        action for _, one in statements(template) for action in listed(one["Action"]) if "*" in action
    ]


MAY = {
    "EvaluateRole": {"dynamodb", "kms", "logs", "sqs"},
    "RevertNetworkRole": {"dynamodb", "kms", "logs", "sqs", "sts"},
    "NotifyRole": {"dynamodb", "kms", "logs", "secretsmanager", "sns", "sqs"},
    "SweepRole": {"dynamodb", "kms", "logs", "sqs", "sts"},
    "SchedulerRole": {"kms", "lambda", "sqs"},
    "ReadingRole": {"cloudtrail", "ec2"},
    "ActingRole": {"ec2"},
}


def test_each_role_reaches_only_its_own_services(template: dict[str, Any]) -> None:
    reached: dict[str, set[str]] = {}
    for role, statement in statements(template):
        reached.setdefault(role, set()).update(action.split(":")[0] for action in listed(statement["Action"]))
    assert reached == MAY


def test_the_acting_role_takes_back_and_puts_back_in_this_account_and_region_and_no_more(
    template: dict[str, Any],
) -> None:
    acting = [statement for role, statement in statements(template) if role == "ActingRole"]
    writes = [one for one in acting if not re.match(r"ec2:(Describe|Get)", listed(one["Action"])[0])]
    assert [action for one in writes for action in listed(one["Action"])] == [
        "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:ModifySecurityGroupRules",
        "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress",
    ]  # fmt: skip
    for one in writes:
        for resource in listed(one["Resource"]):
            assert "${AWS::Region}:${AWS::AccountId}:security-group" in resource["Fn::Sub"]


def test_the_acting_role_trusts_the_revert_function_alone(template: dict[str, Any]) -> None:
    role = of_type(template, "AWS::IAM::Role")["ActingRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["RevertNetworkRole", "Arn"]}}
    assert role["MaxSessionDuration"] <= 3600


def test_the_reading_role_trusts_the_sweep_alone_and_changes_nothing(template: dict[str, Any]) -> None:
    role = of_type(template, "AWS::IAM::Role")["ReadingRole"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::GetAtt": ["SweepRole", "Arn"]}}
    reads = [action for name, one in statements(template) if name == "ReadingRole" for action in listed(one["Action"])]
    assert all(re.match(r"\w+:(Describe|Get|Lookup)", action) for action in reads)


def test_the_sweep_may_not_act_and_the_revert_may_not_read_the_trail(template: dict[str, Any]) -> None:
    assumed = {
        role: one["Resource"]["Fn::Sub"].rsplit("-", 1)[1]
        for role, one in statements(template)
        if listed(one["Action"]) == ["sts:AssumeRole"]
    }
    assert assumed == {"RevertNetworkRole": "acting", "SweepRole": "reading"}


def test_the_sweep_is_called_every_minute_every_quarter_of_an_hour_every_six_hours_and_every_day(
    template: dict[str, Any],
) -> None:
    schedules = of_type(template, "AWS::Scheduler::Schedule").values()
    jobs = {json.loads(one["Target"]["Input"])["job"]: one["ScheduleExpression"] for one in schedules}
    assert jobs == {
        "tick": "rate(1 minutes)", "critical": "rate(15 minutes)", "all": "rate(6 hours)", "reconcile": "rate(1 days)",
    }  # fmt: skip
    for one in schedules:
        assert one["Target"]["Arn"] == {"Ref": "SweepLive"}
        assert one["Target"]["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["RuleDlq", "Arn"]}}


def test_in_a_member_account_the_two_roles_may_what_they_may_in_the_guard_s(template: dict[str, Any]) -> None:
    member = load(TEMPLATE.with_name("member.yaml"))
    theirs, ours = of_type(member, "AWS::IAM::Role"), of_type(template, "AWS::IAM::Role")
    assert set(theirs) == {"ActingRole", "ReadingRole"}
    for name, role in theirs.items():
        assert role["Policies"] == ours[name]["Policies"]
        assert role["Path"] == ours[name]["Path"]
        assert role["RoleName"]["Fn::Sub"] == ours[name]["RoleName"]["Fn::Sub"].replace("AWS::StackName", "GuardStack")


def test_notify_rings_no_revert_and_evaluate_assumes_no_role(template: dict[str, Any]) -> None:
    given = [
        (role, action) for role, statement in statements(template) for action in listed(statement["Action"])
    ]
    assert ("NotifyRole", "sqs:SendMessage") not in given
    assert ("EvaluateRole", "sts:AssumeRole") not in given


# The local AWS does not enforce conditions on an item's key: who may write what is read off the policies.
def test_notify_makes_items_of_the_breaker_alone_and_deletes_none(template: dict[str, Any]) -> None:
    given = [one for role, one in statements(template) if role == "NotifyRole"]
    (puts,) = [one for one in given if "dynamodb:PutItem" in listed(one["Action"])]
    assert puts["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["B#*"]}}
    assert listed(puts["Action"]) == ["dynamodb:PutItem"]
    assert not any("dynamodb:DeleteItem" in listed(one["Action"]) for one in given)


def test_only_revert_and_the_sweep_delete_items_and_nobody_reads_the_whole_table(template: dict[str, Any]) -> None:
    by_role: dict[str, set[str]] = {}
    for role, one in statements(template):
        by_role.setdefault(role, set()).update(listed(one["Action"]))
    deleting = {role for role, actions in by_role.items() if "dynamodb:DeleteItem" in actions}
    assert deleting == {"RevertNetworkRole", "SweepRole"}
    assert not any("dynamodb:Scan" in actions for actions in by_role.values())


def test_no_secret_stands_in_an_environment(template: dict[str, Any]) -> None:
    for function in of_type(template, "AWS::Lambda::Function").values():
        for name in function["Environment"]["Variables"]:
            assert not re.search(r"URL$|TOKEN|PASSWORD|WEBHOOK", name.replace("QUEUE_URL", "")), name


def test_a_version_is_published_whenever_code_or_a_parameter_of_its_function_changes(
    template: dict[str, Any],
) -> None:
    parameters = set(template["Parameters"]) - {"CodeBucket", "ReservedConcurrency"}
    versions = of_type(template, "AWS::Lambda::Version")
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        description = versions[f"{name}Version"]["Description"]["Fn::Sub"]
        given = {ref for ref in refs(function) if ref in parameters}
        assert given == set(re.findall(r"\$\{(\w+)\}", description))


def test_every_queue_feeds_the_live_alias_and_gives_back_single_messages(template: dict[str, Any]) -> None:
    sources = of_type(template, "AWS::Lambda::EventSourceMapping")
    aliases = of_type(template, "AWS::Lambda::Alias")
    # The sweep has no queue: it is called by the clock.
    assert len(sources) == len(of_type(template, "AWS::Lambda::Function")) - 1
    for source in sources.values():
        assert source["FunctionName"]["Ref"] in aliases
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_ledger_is_kept_protected_and_restorable(template: dict[str, Any]) -> None:
    ledger = template["Resources"]["Ledger"]
    assert (ledger["DeletionPolicy"], ledger["UpdateReplacePolicy"]) == ("Retain", "Retain")
    properties = ledger["Properties"]
    assert properties["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert template["Parameters"]["DeletionProtection"]["Default"] == "true"
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
