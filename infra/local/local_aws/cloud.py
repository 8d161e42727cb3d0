"""The local AWS as a whole: servers, clients, and a network to open ports in."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from .places import ACCOUNT, REGION
from .servers import Server, start_ministack, start_moto
from .webhook import Webhook

TRIES = {"max_attempts": 2, "mode": "standard"}


class LocalAws:
    """ministack, moto for EC2, and a webhook. A context manager: what it started ends with it."""

    def __init__(self, auth: bool = False, ec2_on_ministack: bool = False) -> None:
        self._servers: list[Server] = [start_ministack(auth)]
        self.url = self._servers[0].url
        # ministack's security groups are not AWS's (one id for several ranges); moto's are, but it knows no IAM.
        self.ec2_url = ""
        if not ec2_on_ministack:
            self._servers.append(start_moto())
            self.ec2_url = self._servers[1].url
        self.webhook = Webhook()
        self._clients: dict[str, Any] = {}
        # The first call to EC2 takes moto two seconds: meanwhile the stack can be deployed.
        threading.Thread(target=self.client("ec2").describe_vpcs, daemon=True).start()

    def client(self, service: str) -> Any:
        """A client of the account's root."""
        if service not in self._clients:
            url = self.ec2_url if service == "ec2" and self.ec2_url else self.url
            self._clients[service] = boto3.client(
                service, endpoint_url=url, region_name=REGION, config=Config(retries=TRIES, max_pool_connections=20),
                aws_access_key_id="test", aws_secret_access_key="test",
            )  # fmt: skip
        return self._clients[service]

    def new_group(self, vpc: str, name: str) -> str:
        """A security group of its own in `vpc`."""
        group = self.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=vpc)
        return str(group["GroupId"])

    def new_vpc(self) -> str:
        return str(self.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"])

    def ingress(self, group: str) -> dict[str, dict[str, Any]]:
        """What a group lets in, by rule id."""
        wanted = [{"Name": "group-id", "Values": [group]}]
        rules = self.client("ec2").describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
        return {rule["SecurityGroupRuleId"]: rule for rule in rules if not rule["IsEgress"]}

    def close(self) -> None:
        self.webhook.close()
        for server in self._servers:
            server.stop()

    def __enter__(self) -> LocalAws:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"
