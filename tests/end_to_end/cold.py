#!/usr/bin/env python3
"""Cold starts through the Runtime API: init time, first work, memory and size of each function (`make bench`).

The work is real: `evaluate` gets a violation, `revert-network` and `notify` get the doorbells that it rang, and
all of them find DynamoDB, SQS, STS, SNS (ministack) and EC2 (moto) behind them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "local"))

from figures import figure
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import config, packager
from local_aws.places import ACCOUNT, LAMBDA_DIR, REGION
from runtime_api import Function

STARTS = 20
FUNCTIONS = {"evaluate": "evaluate", "revert-network": "revert", "notify": "notify", "sweep": "sweep"}
# What a function answers that is not asked by a queue.
ANSWERS = {"sweep": None}
GOALS = {
    "evaluate_init_ms": 50,
    "evaluate_rss_mb": 48,
    "evaluate_zip_mb": 6,
    "revert_init_ms": 80,
    "revert_zip_mb": 8,
}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lambda-dir", type=Path, default=LAMBDA_DIR, help="where <function>/bootstrap is")
    parser.add_argument("--package-dir", type=Path, help="the zips that are shipped, to be weighed")
    parser.add_argument("--starts", type=int, default=STARTS)
    asked = parser.parse_args()
    with LocalAws() as cloud, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "gardefou.yaml").write_text(config("revert"))
        zips = packager().package(asked.lambda_dir, folder / "gardefou.yaml", folder)
        environment = surroundings(cloud)
        event = sqs_event(violation(cloud))
        for function, name in FUNCTIONS.items():
            task = unpacked(zips[function], folder / function)
            measure(name, task, environment, event(function), asked.starts)
            shipped = asked.package_dir / f"{function}.zip" if asked.package_dir else zips[function]
            figures(f"{name}_zip_mb", shipped.stat().st_size / 1e6, "MB")
            if function == "evaluate":
                event = doorbells(cloud, environment)


def measure(name: str, task: Path, environment: dict[str, str], event: Any, starts: int) -> None:
    """Started so often; the last one also works."""
    inits = []
    for start in range(starts):
        with Function(task, environment) as function:
            inits.append(function.init_ms())
            if start == starts - 1:
                answer, first_ms = function.invoke(event)
                assert answer == ANSWERS.get(name, {"batchItemFailures": []}), answer
                peak = function.peak_mb()
    figures(f"{name}_init_ms", statistics.median(inits), "ms")
    figures(f"{name}_first_invoke_ms", first_ms, "ms")
    figures(f"{name}_rss_mb", peak, "MB")


def figures(name: str, value: float, unit: str) -> None:
    figure(name, value, unit, GOALS.get(name))


def unpacked(archive: Path, task: Path) -> Path:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(task)
    (task / "bootstrap").chmod(0o755)
    return task


def schema(keys: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in keys]


def surroundings(cloud: LocalAws) -> dict[str, str]:
    """What the template would make, without anything that invokes functions; as the functions' environment."""
    dynamodb, sqs = cloud.client("dynamodb"), cloud.client("sqs")
    keys, work = [("pk", "HASH"), ("sk", "RANGE")], [("work", "HASH"), ("due_at", "RANGE")]
    dynamodb.create_table(
        TableName="ledger", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "N" if name == "due_at" else "S"} for name, _ in keys + work
        ],
        KeySchema=schema(keys),
        GlobalSecondaryIndexes=[
            {"IndexName": "work", "KeySchema": schema(work), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
    )  # fmt: skip
    role = cloud.client("iam").create_role(RoleName="acting", AssumeRolePolicyDocument=json.dumps(TRUST))[
        "Role"
    ]["Arn"]
    return {
        "PATH": "/usr/bin:/bin", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": cloud.url, "AWS_ENDPOINT_URL_EC2": cloud.ec2_url,
        "AWS_LAMBDA_FUNCTION_NAME": "measured", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_LOG_GROUP_NAME": "measured", "AWS_LAMBDA_LOG_STREAM_NAME": "1",
        "LEDGER_TABLE": "ledger", "ACTING_ROLE_ARN": role,
        "REVERT_NETWORK_QUEUE_URL": sqs.create_queue(QueueName="revert-network")["QueueUrl"],
        "NOTIFY_QUEUE_URL": sqs.create_queue(QueueName="notify")["QueueUrl"],
        "TOPIC_ARN": cloud.client("sns").create_topic(Name="findings")["TopicArn"],
        "SLACK_SECRET_ARN": "", "SLACK_HOST": "127.0.0.1", "PAGERDUTY_SECRET_ARN": "", "PAGERDUTY_HOST": "127.0.0.1",
        "READING_ROLE_ARN": role, "MEMBER_ACCOUNTS": "", "VERIFY_FIRST_SECONDS": "10", "VERIFY_NEXT_SECONDS": "30",
    }  # fmt: skip


def violation(cloud: LocalAws) -> dict[str, Any]:
    group = cloud.new_group(cloud.new_vpc(), "measured")
    answer = cloud.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    return cloudtrail.envelope(cloudtrail.authorize_record(group, [SSH], answer))


def sqs_event(body: Any) -> Any:
    """A batch of one, for whichever function."""
    message = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d", "receiptHandle": "receipt", "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}, "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:measured", "awsRegion": REGION,
    }  # fmt: skip
    return lambda _function: {"Records": [message]}


def doorbells(cloud: LocalAws, environment: dict[str, str]) -> Any:
    """What `evaluate` and `revert` rang, by function."""
    queues = {
        "revert-network": environment["REVERT_NETWORK_QUEUE_URL"],
        "notify": environment["NOTIFY_QUEUE_URL"],
    }

    def event(function: str) -> Any:
        if function == "sweep":
            return {"job": "tick"}
        (message,) = cloud.client("sqs").receive_message(QueueUrl=queues[function], WaitTimeSeconds=5)[
            "Messages"
        ]
        return sqs_event(json.loads(message["Body"]))(function)

    return event


if __name__ == "__main__":
    main()
