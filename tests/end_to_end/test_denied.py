"""With IAM enforced: what each role must not do is denied.

Nobody but Lambda may be these roles, so each has a twin here: a user with exactly the policies that the template gives
the role. What the local AWS does not enforce (conditions on keys of items, tags of resources) is read off the template
in test_template.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from local_aws.guard import Guard
from local_aws.places import ACCOUNT, REGION

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError")
ROLES = ("EvaluateRole", "RevertNetworkRole", "SweepRole", "NotifyRole", "ActingRole", "ReadingRole", "SchedulerRole")


@dataclass(frozen=True)
class Twin:
    """A user who may do what a role may."""

    guard: Guard
    key: str
    secret: str

    def call(self, service: str, operation: str, **asked: Any) -> str:
        """The error's code, or `done`."""
        client = boto3.client(
            service, endpoint_url=self.guard.cloud.url, region_name=REGION, aws_access_key_id=self.key,
            aws_secret_access_key=self.secret, config=Config(retries={"max_attempts": 1}),
        )  # fmt: skip
        try:
            getattr(client, operation)(**asked)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"


@pytest.fixture(scope="module")
def twins(strict: Guard) -> Iterator[dict[str, Twin]]:
    iam = strict.cloud.client("iam")
    resources = strict.cloud.client("cloudformation").describe_stack_resources(StackName=strict.name)["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    twins = {}
    for role in ROLES:
        user = f"twin-{role}"
        iam.create_user(UserName=user)
        for policy in iam.list_role_policies(RoleName=names[role])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=names[role], PolicyName=policy)["PolicyDocument"]
            iam.put_user_policy(UserName=user, PolicyName=policy, PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        twins[role] = Twin(strict, key["AccessKeyId"], key["SecretAccessKey"])
    yield twins


KEY = {"pk": {"S": "CFG"}, "sk": {"S": "KILL"}}
SG, SGR = "sg-0123456789abcdef0", "sgr-0123456789abcdef0"
OTHER_ROLE = f"arn:aws:iam::{ACCOUNT}:role/admin"
OPEN = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]

ADMIN = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)

# What any of them could do to get free of its role, or to switch the guard off.
NOBODY = [
    ("iam", "create_user", {"UserName": "mallory"}),
    ("iam", "put_role_policy", {"RoleName": "guard-strict-acting", "PolicyName": "x", "PolicyDocument": ADMIN}),
    ("lambda", "update_function_code", {"FunctionName": "guard-strict-evaluate", "ZipFile": b"x"}),
    ("events", "disable_rule", {"Name": "guard-strict-changes-1"}),
    ("kms", "schedule_key_deletion", {"KeyId": "alias/x"}),
    ("dynamodb", "delete_table", {"TableName": "guard-strict-ledger"}),
]
EVALUATE = [
    ("ec2", "describe_security_groups", {}),
    ("ec2", "revoke_security_group_ingress", {"GroupId": SG, "SecurityGroupRuleIds": [SGR]}),
    ("sts", "assume_role", {"RoleArn": "{ActingRoleArn}", "RoleSessionName": "gardefou-x"}),
    ("dynamodb", "delete_item", {"TableName": "guard-strict-ledger", "Key": KEY}),
    ("dynamodb", "scan", {"TableName": "guard-strict-ledger"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "guard-strict-slack"}),
    ("sns", "publish", {"TopicArn": "{TopicArn}", "Message": "x"}),
]
REVERT = [
    ("ec2", "revoke_security_group_ingress", {"GroupId": SG, "SecurityGroupRuleIds": [SGR]}),
    ("sts", "assume_role", {"RoleArn": "{ReadingRoleArn}", "RoleSessionName": "gardefou-x"}),
    ("sts", "assume_role", {"RoleArn": OTHER_ROLE, "RoleSessionName": "gardefou-x"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "guard-strict-slack"}),
    ("sns", "publish", {"TopicArn": "{TopicArn}", "Message": "x"}),
    ("dynamodb", "scan", {"TableName": "guard-strict-ledger"}),
    ("sqs", "receive_message", {"QueueUrl": "{EventsQueueUrl}"}),
]
SWEEP = [
    ("ec2", "revoke_security_group_ingress", {"GroupId": SG, "SecurityGroupRuleIds": [SGR]}),
    ("sts", "assume_role", {"RoleArn": "{ActingRoleArn}", "RoleSessionName": "gardefou-x"}),
    ("secretsmanager", "get_secret_value", {"SecretId": "guard-strict-slack"}),
    ("sns", "publish", {"TopicArn": "{TopicArn}", "Message": "x"}),
    ("sqs", "receive_message", {"QueueUrl": "{RevertNetworkQueueUrl}"}),
    ("sqs", "delete_message", {"QueueUrl": "{EventsQueueUrl}", "ReceiptHandle": "x"}),
]
NOTIFY = [
    ("ec2", "describe_security_groups", {}),
    ("sts", "assume_role", {"RoleArn": "{ActingRoleArn}", "RoleSessionName": "gardefou-x"}),
    ("sqs", "send_message", {"QueueUrl": "{RevertNetworkQueueUrl}", "MessageBody": "x"}),
    ("sqs", "send_message", {"QueueUrl": "{EventsQueueUrl}", "MessageBody": "x"}),
    ("dynamodb", "delete_item", {"TableName": "guard-strict-ledger", "Key": KEY}),
    ("dynamodb", "query", {"TableName": "guard-strict-ledger", "KeyConditionExpression": "pk = :p",
                           "ExpressionAttributeValues": {":p": {"S": "CFG"}}}),
    ("secretsmanager", "put_secret_value", {"SecretId": "guard-strict-slack", "SecretString": "x"}),
]  # fmt: skip
ACTING = [
    ("ec2", "delete_security_group", {"GroupId": SG}),
    ("ec2", "terminate_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),
    ("ec2", "create_security_group", {"GroupName": "x", "Description": "x"}),
    ("dynamodb", "get_item", {"TableName": "guard-strict-ledger", "Key": KEY}),
    ("s3", "list_buckets", {}),
    ("sqs", "send_message", {"QueueUrl": "{EventsQueueUrl}", "MessageBody": "x"}),
]
READING = [
    ("ec2", "revoke_security_group_ingress", {"GroupId": SG, "SecurityGroupRuleIds": [SGR]}),
    ("ec2", "authorize_security_group_ingress", {"GroupId": SG, "IpPermissions": OPEN}),
    ("cloudtrail", "stop_logging", {"Name": "trail"}),
    ("dynamodb", "get_item", {"TableName": "guard-strict-ledger", "Key": KEY}),
    ("s3", "list_buckets", {}),
]
SCHEDULER = [
    ("lambda", "invoke", {"FunctionName": "guard-strict-evaluate"}),
    ("sqs", "send_message", {"QueueUrl": "{RevertNetworkQueueUrl}", "MessageBody": "x"}),
    ("dynamodb", "get_item", {"TableName": "guard-strict-ledger", "Key": KEY}),
    ("ec2", "describe_security_groups", {}),
]
CALLS = {
    "EvaluateRole": EVALUATE, "RevertNetworkRole": REVERT, "SweepRole": SWEEP, "NotifyRole": NOTIFY,
    "ActingRole": ACTING, "ReadingRole": READING, "SchedulerRole": SCHEDULER,
}  # fmt: skip
ALL = [(role, call) for role, calls in CALLS.items() for call in [*calls, *NOBODY]]
# Of each role one thing that it may: a twin that may nothing would pass everything above.
MAY = [
    ("EvaluateRole", ("dynamodb", "get_item", {"TableName": "guard-strict-ledger", "Key": KEY})),
    ("RevertNetworkRole", ("sts", "assume_role", {"RoleArn": "{ActingRoleArn}", "RoleSessionName": "gardefou-x"})),
    ("SweepRole", ("dynamodb", "get_item", {"TableName": "guard-strict-ledger", "Key": KEY})),
    ("NotifyRole", ("sns", "publish", {"TopicArn": "{TopicArn}", "Message": "x"})),
    ("ActingRole", ("ec2", "describe_security_groups", {})),
    ("ReadingRole", ("ec2", "describe_security_groups", {})),
]


def filled(asked: dict[str, Any], outputs: dict[str, str]) -> dict[str, Any]:
    """`{TopicArn}` is what the stack's output of that name is."""
    return {name: outputs.get(str(value).strip("{}"), value) for name, value in asked.items()}


def name(value: Any) -> str:
    return value if isinstance(value, str) else f"{value[0]}.{value[1]}"


def test_sixty_calls_and_more_are_tried() -> None:
    assert len(ALL) >= 60


@pytest.mark.parametrize(("role", "call"), ALL, ids=name)
def test_what_a_role_must_not_do_is_denied(
    strict: Guard, twins: dict[str, Twin], role: str, call: tuple[str, str, dict[str, Any]]
) -> None:
    service, operation, asked = call
    assert twins[role].call(service, operation, **filled(asked, strict.outputs)) in DENIED


@pytest.mark.parametrize(("role", "call"), MAY, ids=name)
def test_what_a_role_needs_is_not_denied(
    strict: Guard, twins: dict[str, Twin], role: str, call: tuple[str, str, dict[str, Any]]
) -> None:
    service, operation, asked = call
    answer = twins[role].call(service, operation, **filled(asked, strict.outputs))
    # A role that trusts one function alone refuses the twin: that is the trust, and not the permission.
    trusted = operation == "assume_role"
    assert answer not in DENIED or trusted
