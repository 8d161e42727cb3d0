"""Each fault of the proxy is what AWS does, as boto3 sees it."""

from __future__ import annotations

import random
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from killer import kill_in_a_call, processes
from local_aws.cloud import LocalAws
from local_aws.faults import FaultProxy
from local_aws.guard import deploy
from local_aws.places import ACCOUNT, REGION
from local_aws.waiting import until

OTHER = "222222222222"


def through(proxy: FaultProxy, service: str, **credentials: str) -> Any:
    """A client that calls as a function does, but never twice."""
    credentials = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    url = proxy.ec2_url if service == "ec2" else proxy.url
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, endpoint_url=url, region_name=REGION, config=once, **credentials)


CALLS = {
    "dynamodb": lambda client: client.list_tables(),
    "sqs": lambda client: client.list_queues(),
    "secretsmanager": lambda client: client.list_secrets(),
    "sns": lambda client: client.list_topics(),
    "sts": lambda client: client.get_caller_identity(),
    "ec2": lambda client: client.describe_vpcs(),
}


@pytest.fixture
def table(cloud: LocalAws, request: pytest.FixtureRequest) -> str:
    name = request.node.name[:200].replace("[", "-").replace("]", "")
    cloud.client("dynamodb").create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    )  # fmt: skip
    return str(name)


def put(client: Any, table: str, key: str) -> None:
    client.put_item(TableName=table, Item={"pk": {"S": key}})


def is_there(cloud: LocalAws, table: str, key: str) -> bool:
    return "Item" in cloud.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": key}})


def outcome(call: Callable[..., Any], **given: Any) -> str:
    try:
        call(**given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except ConnectionClosedError:
        return "gone"
    return "done"


@pytest.mark.parametrize(
    ("service", "status", "code"),
    [
        ("dynamodb", 500, "InternalServerError"),
        ("sqs", 500, "InternalFailure"),
        ("secretsmanager", 500, "InternalServiceError"),
        ("sns", 500, "InternalError"),
        ("sts", 500, "InternalFailure"),
        ("ec2", 500, "InternalError"),
    ],
)
def test_a_500_is_the_failure_of_its_service(proxy: FaultProxy, service: str, status: int, code: str) -> None:
    proxy.set(rates={"error": 1.0})
    with pytest.raises(ClientError) as caught:
        CALLS[service](through(proxy, service))
    assert said(caught.value) == (status, code)


@pytest.mark.parametrize(
    ("service", "status", "codes"),
    [
        ("dynamodb", 400, {"ProvisionedThroughputExceededException", "ThrottlingException"}),
        ("sqs", 400, {"RequestThrottled"}),
        ("secretsmanager", 400, {"ThrottlingException"}),
        ("sns", 400, {"Throttling"}),
        ("sts", 400, {"Throttling"}),
        ("ec2", 503, {"RequestLimitExceeded"}),
    ],
)
def test_a_throttle_is_the_refusal_of_its_service(
    proxy: FaultProxy, service: str, status: int, codes: set[str]
) -> None:
    proxy.set(rates={"throttle": 1.0})
    seen = set()
    for _ in range(12):
        with pytest.raises(ClientError) as caught:
            CALLS[service](through(proxy, service))
        seen.add(said(caught.value))
    assert seen == {(status, code) for code in codes}


def said(error: ClientError) -> tuple[int, str]:
    """The status and the code; text and request id must be there too."""
    assert error.response["Error"]["Message"] and error.response["ResponseMetadata"]["RequestId"]
    return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]


def test_a_throttled_queue_is_caught_by_type_and_by_the_code_of_the_older_protocol(proxy: FaultProxy) -> None:
    proxy.set(rates={"throttle": 1.0})
    sqs = through(proxy, "sqs")
    with pytest.raises(sqs.exceptions.RequestThrottled) as caught:
        sqs.list_queues()
    assert caught.value.response["Error"]["QueryErrorCode"] == "RequestThrottled"
    assert caught.value.response["Error"]["Type"] == "Sender"


@pytest.mark.parametrize("kind", ["error", "throttle"])
def test_what_is_refused_was_not_applied(
    cloud: LocalAws, proxy: FaultProxy, table: str, kind: str
) -> None:
    proxy.set(rates={kind: 1.0})
    with pytest.raises(ClientError):
        put(through(proxy, "dynamodb"), table, "a")
    assert not is_there(cloud, table, "a")


def test_a_lost_response_was_applied(cloud: LocalAws, proxy: FaultProxy, table: str) -> None:
    proxy.set(rates={"lost": 1.0})
    with pytest.raises(ConnectionClosedError):
        put(through(proxy, "dynamodb"), table, "a")
    assert is_there(cloud, table, "a")


def test_a_hang_ends_without_an_answer_and_may_have_been_applied(
    cloud: LocalAws, proxy: FaultProxy, table: str
) -> None:
    proxy.set(rates={"hang": 1.0}, hang_seconds=0.1)
    before = proxy.by_operation().get("dynamodb.PutItem", Counter())
    client = through(proxy, "dynamodb")
    for key in "abcdefghijkl":
        with pytest.raises(ConnectionClosedError):
            put(client, table, key)
    after = proxy.by_operation()["dynamodb.PutItem"]
    applied = sum(is_there(cloud, table, key) for key in "abcdefghijkl")
    assert 0 < applied < 12
    assert after["hang_applied"] - before["hang_applied"] == applied
    assert after["hang"] - before["hang"] == 12 - applied


def test_a_hang_keeps_the_caller_waiting(proxy: FaultProxy) -> None:
    proxy.set(rates={"hang": 1.0}, hang_seconds=60)
    impatient = Config(retries={"total_max_attempts": 1}, read_timeout=1)
    client = boto3.client(
        "sts", endpoint_url=proxy.url, region_name=REGION, config=impatient,
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    with pytest.raises(ReadTimeoutError):
        client.get_caller_identity()
    until("the proxy to let go of a caller who has gone", lambda: not proxy.waiting(), 10)


def test_with_faults_off_nothing_is_touched(cloud: LocalAws, proxy: FaultProxy) -> None:
    proxy.set(on=False, rates={"error": 1.0})
    direct, proxied = raw(cloud.url), raw(proxy.url)
    assert direct == proxied
    assert CALLS["ec2"](through(proxy, "ec2"))["Vpcs"] == CALLS["ec2"](cloud.client("ec2"))["Vpcs"]
    bucket, content = "untouched", bytes(range(256)) * 5000
    s3 = through(proxy, "s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="a", Body=content)
    assert cloud.client("s3").get_object(Bucket=bucket, Key="a")["Body"].read() == content
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == content


def raw(url: str) -> tuple[int, dict[str, str], bytes]:
    """An answer as it is on the wire, without what no two answers share."""
    headers = {
        "X-Amz-Target": "DynamoDB_20120810.DescribeLimits", "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/dynamodb/aws4_request",
    }  # fmt: skip
    with urllib.request.urlopen(urllib.request.Request(url, b"{}", headers)) as answer:
        own = {name.lower(): value for name, value in answer.getheaders()}
        for name in ("date", "connection", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"):
            own.pop(name, None)
        return answer.status, own, answer.read()


def test_the_same_seed_gives_the_same_sequence_whatever_is_called_in_between(
    proxy: FaultProxy, table: str
) -> None:
    client = through(proxy, "dynamodb")

    def sequence(seed: int, between: int) -> list[str]:
        proxy.set(rates={"error": 0.2, "throttle": 0.2, "lost": 0.2, "hang": 0.1}, hang_seconds=0, seed=seed)
        outcomes = []
        for _ in range(60):
            for _ in range(between):
                outcome(client.list_tables)
            outcomes.append(outcome(client.put_item, TableName=table, Item={"pk": {"S": "a"}}))
        return outcomes

    first = sequence(7, between=0)
    assert set(first) >= {"done", "gone", "InternalServerError", "ThrottlingException"}
    assert sequence(7, between=1) == first
    assert sequence(8, between=0) != first


def test_faults_come_as_often_as_asked(proxy: FaultProxy) -> None:
    before = proxy.counts()
    proxy.set(rates={"error": 0.05, "throttle": 0.05, "lost": 0.02}, seed=1)
    client = through(proxy, "sqs")
    for _ in range(1000):
        outcome(client.list_queues)
    seen = proxy.counts() - before
    # Four standard deviations either way; the seed makes the draw always the same.
    assert 22 <= seen["error"] <= 78 and 22 <= seen["throttle"] <= 78 and 2 <= seen["lost"] <= 38
    assert seen.total() == 1000


def test_nonsense_is_refused(proxy: FaultProxy) -> None:
    for nonsense in ({"rates": {"eror": 1.0}}, {"rates": {"error": 0.6, "lost": 0.6}}, {"off": True}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            proxy.set(**nonsense)


def test_a_session_of_another_account_sees_that_accounts_network(cloud: LocalAws, proxy: FaultProxy) -> None:
    vpcs = {}
    for account in (OTHER, ACCOUNT):
        role = f"arn:aws:iam::{account}:role/gardefou/acting"
        session = through(proxy, "sts").assume_role(RoleArn=role, RoleSessionName="gardefou-test")
        given = session["Credentials"]
        ec2 = through(
            proxy, "ec2", aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"],
        )  # fmt: skip
        made = cloud.new_vpc(account)
        vpcs[account] = {vpc["VpcId"]: vpc["OwnerId"] for vpc in ec2.describe_vpcs()["Vpcs"]}
        assert vpcs[account][made] == account
    assert not vpcs[OTHER].keys() & vpcs[ACCOUNT].keys()


def test_a_function_killed_in_the_middle_of_a_call_begins_again(
    cloud: LocalAws, proxy: FaultProxy, lambda_dir: Path
) -> None:
    guard = deploy(cloud, "killed", lambda_dir=lambda_dir)
    function = guard.outputs["EvaluateFunction"]
    guard.retry_after("EventsQueueUrl", 2)
    proxy.set(rates={"hang": 1.0}, only=["dynamodb.*"])
    group = cloud.new_group(cloud.new_vpc(), "killed")
    everyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    event, _ = guard.open_port(group, [everyone])
    killed = until("a kill", lambda: kill_in_a_call(cloud, function, random.Random(1)), 20, 0.01)
    until("its end", lambda: killed not in processes(cloud, function), 10)
    assert guard.ledger.event(event) is None
    proxy.set(on=False)
    assert guard.ledger.await_finding(event, "REVERTED").removed
    assert "Runtime exited before returning a response" in cloud.ministack.written()
