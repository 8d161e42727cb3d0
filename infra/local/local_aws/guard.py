"""A guard: the template deployed to the local AWS with the functions' zips, and what one does to it in a test."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import cloudtrail
from .cloud import LocalAws
from .counters import counters
from .ledger import Ledger
from .places import LAMBDA_DIR, ROOT, TEMPLATE
from .waiting import until

BUCKET = "gardefou-code"
# The template's parameter for each function's zip.
KEYS = {
    "evaluate": "EvaluateKey",
    "revert-network": "RevertNetworkKey",
    "notify": "NotifyKey",
    "sweep": "SweepKey",
}
# Development builds are large, and their zips are thrown away.
QUICK = 1
# Far beyond what tests and benchmarks revert in an hour: the shipped caps are a guard against floods.
WIDE_BREAKER = {"rule_per_10_minutes": 100_000, "account_per_hour": 100_000, "overall_per_hour": 100_000}


def config(mode: str, **further: Any) -> str:
    """A gardefou.yaml (JSON is YAML)."""
    return json.dumps({"mode": mode, "breaker": WIDE_BREAKER, **further})


@dataclass
class Guard:
    """One deployed stack."""

    cloud: LocalAws
    name: str
    outputs: dict[str, str]
    inbox: str
    slack_path: str
    ledger: Ledger
    _mails: list[dict[str, Any]] = field(default_factory=list)

    def deliver(self, detail: dict[str, Any], **changed: Any) -> str:
        """Sends the event to the queue, as the EventBridge rule's target would; its event id."""
        self.send(json.dumps(cloudtrail.envelope(detail, **changed)))
        return str(detail["eventID"])

    def send(self, *bodies: str) -> None:
        """Puts bodies on the events queue, ten at most."""
        entries = [{"Id": str(at), "MessageBody": body} for at, body in enumerate(bodies)]
        answer = self.cloud.client("sqs").send_message_batch(
            QueueUrl=self.outputs["EventsQueueUrl"], Entries=entries
        )
        assert not answer.get("Failed"), answer["Failed"]

    def open_port(
        self, group: str, permissions: list[dict[str, Any]], **changed: Any
    ) -> tuple[str, list[dict[str, Any]]]:
        """Really opens ports, and delivers the event: its id, and the lines that it added."""
        answer = self.cloud.client("ec2").authorize_security_group_ingress(
            GroupId=group, IpPermissions=permissions
        )
        event = self.deliver(cloudtrail.authorize_record(group, permissions, answer), **changed)
        return event, answer["SecurityGroupRules"]

    def mails(self, about: str) -> list[dict[str, Any]]:
        """The messages that the topic delivered about a finding; `about` is its id or any text in them."""
        sqs = self.cloud.client("sqs")
        while True:
            got = sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10, WaitTimeSeconds=0).get(
                "Messages", []
            )
            for message in got:
                self._mails.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
            if not got:
                return [mail for mail in self._mails if about in json.dumps(mail)]

    def slack_messages(self, about: str) -> list[Any]:
        """What arrived at the webhook, and was answered 200, about a finding."""
        return [
            post.body
            for post in self.cloud.webhook.delivered(self.slack_path)
            if about in json.dumps(post.body)
        ]

    def counters(self) -> Counter[str]:
        return counters(self.cloud.client("logs"), self.outputs["EvaluateFunction"])

    def waiting(self, queue: str) -> int:
        """Messages in one of the stack's queues, seen or not; `queue` as in the outputs."""
        names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
        asked = self.cloud.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=names
        )
        return sum(int(asked["Attributes"][name]) for name in names)

    def retry_after(self, queue: str, seconds: int) -> None:
        """Lets what failed come back sooner than the template says. For tests only: AWS wants six time-outs."""
        attributes = {"VisibilityTimeout": str(seconds)}
        self.cloud.client("sqs").set_queue_attributes(QueueUrl=self.outputs[queue], Attributes=attributes)


def deploy(
    cloud: LocalAws,
    name: str,
    mode: str = "revert",
    verify_seconds: int = 1,
    lambda_dir: Path = LAMBDA_DIR,
    further: dict[str, Any] | None = None,
    members: Sequence[str] = (),
) -> Guard:
    """Packages, uploads and deploys, as `make package` and infra/deploy.sh do on AWS; `further` is of gardefou.yaml."""
    slack_path = f"/services/{name}"
    parameters = {
        "CodeBucket": BUCKET, **upload(cloud, config(mode, **(further or {})), lambda_dir), "MemberAccounts": ",".join(members), "DeletionProtection": "false", "LogRetentionDays": "1",
        "VerifyFirstSeconds": str(verify_seconds), "VerifyNextSeconds": str(verify_seconds), "Ec2Endpoint": cloud.ec2_url,
        "SlackSecretArn": webhook_secret(cloud, name, slack_path), "SlackHost": "127.0.0.1",
    }  # fmt: skip
    outputs = create_stack(cloud, name, parameters)
    inbox = subscribe_inbox(cloud, name, outputs["TopicArn"])
    return Guard(
        cloud, name, outputs, inbox, slack_path, Ledger(cloud.client("dynamodb"), outputs["LedgerTable"])
    )


def upload(cloud: LocalAws, configuration: str, lambda_dir: Path) -> dict[str, str]:
    """The zips, under keys that name their content; the template's parameters for them."""
    s3 = cloud.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    folder = Path(tempfile.mkdtemp(prefix="gardefou-zips-"))
    try:
        (folder / "gardefou.yaml").write_text(configuration)
        zips = packager().package(lambda_dir, folder / "gardefou.yaml", folder, effort=QUICK)
        keys = {}
        for function, parameter in KEYS.items():
            content = zips[function].read_bytes()
            keys[parameter] = f"{function}-{hashlib.sha256(content).hexdigest()[:32]}.zip"
            s3.put_object(Bucket=BUCKET, Key=keys[parameter], Body=content)
        return keys
    finally:
        shutil.rmtree(folder)


def packager() -> Any:
    """infra/package.py, which is a program and no module of this package."""
    spec = importlib.util.spec_from_file_location("gardefou_package", ROOT / "infra" / "package.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def webhook_secret(cloud: LocalAws, name: str, path: str) -> str:
    secret = cloud.client("secretsmanager").create_secret(
        Name=f"{name}-slack", SecretString=cloud.webhook.url(path)
    )
    return str(secret["ARN"])


def create_stack(cloud: LocalAws, name: str, parameters: dict[str, str]) -> dict[str, str]:
    """Creates the stack and waits; its outputs. The template is longer than what one call may carry: S3 holds it."""
    cloudformation, s3 = cloud.client("cloudformation"), cloud.client("s3")
    template = TEMPLATE.read_bytes()
    key = f"template-{hashlib.sha256(template).hexdigest()[:32]}.yaml"
    s3.put_object(Bucket=BUCKET, Key=key, Body=template)
    url = f"https://s3.{s3.meta.region_name}.amazonaws.com/{BUCKET}/{key}"
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    cloudformation.create_stack(
        StackName=name, TemplateURL=url, Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"]
    )

    def settled() -> dict[str, Any] | None:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    stack = until(f"stack {name}", settled, 60)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            event.get("ResourceStatusReason") for event in events if "FAILED" in event["ResourceStatus"]
        ]
        raise AssertionError(f"stack {name}: {stack['StackStatus']}, {reasons}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def subscribe_inbox(cloud: LocalAws, name: str, topic: str) -> str:
    """A queue that gets what the topic sends, as a mailbox would."""
    sqs = cloud.client("sqs")
    inbox = sqs.create_queue(QueueName=f"{name}-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": json.dumps(allow)})
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return str(inbox)
