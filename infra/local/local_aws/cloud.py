"""The local AWS as a whole: servers, clients, and a network to open ports in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from .faults import FaultProxy, Faults
from .places import ACCOUNT, REGION
from .servers import Server, free_port, start_ministack, start_moto
from .webhook import Webhook

TRIES = {"max_attempts": 2, "mode": "standard"}


class LocalAws:
    """ministack, moto for EC2, and a webhook. A context manager: what it started ends with it.

    With `faults`, what the deployed functions call goes through a proxy; what the clients here call does not.
    """

    def __init__(
        self, auth: bool = False, ec2_on_ministack: bool = False, faults: Faults | None = None
    ) -> None:
        port = free_port() if faults else 0
        self.ministack = start_ministack(auth, f"http://127.0.0.1:{port}" if port else "")
        self._servers: list[Server] = [self.ministack]
        self.url = self.ministack.url
        # ministack's security groups are not AWS's (one id for several ranges); moto's are, but it knows no IAM.
        self._moto_url = ""
        if not ec2_on_ministack:
            self._servers.append(start_moto())
            self._moto_url = self._servers[-1].url
        # Where the functions find EC2, if not where they find everything else.
        self.ec2_url = self._moto_url
        self.faults: FaultProxy | None = None
        if faults:
            self.faults = FaultProxy(faults, self.url, self._moto_url, port)
            self._servers.append(self.faults.server)
            self.ec2_url = self.faults.ec2_url
        self.webhook = Webhook()
        self._clients: dict[tuple[str, str], Any] = {}
        # The first call to EC2 takes moto two seconds: meanwhile the stack can be deployed.
        threading.Thread(target=self.client("ec2").describe_vpcs, daemon=True).start()

    def client(self, service: str, account: str = ACCOUNT) -> Any:
        """A client of an account's root. Accounts need no making."""
        if (service, account) not in self._clients:
            on_moto = service == "ec2" and self._moto_url
            client = boto3.client(
                service, endpoint_url=self._moto_url if on_moto else self.url, region_name=REGION,
                config=Config(retries=TRIES, max_pool_connections=20),
                # To ministack, an access key that is an account's id is the account's root.
                aws_access_key_id="test" if account == ACCOUNT else account, aws_secret_access_key="test",
            )  # fmt: skip
            if on_moto and account != ACCOUNT:
                client.meta.events.register("before-sign.ec2", in_account(account))
            self._clients[service, account] = client
        return self._clients[service, account]

    def new_group(self, vpc: str, name: str, account: str = ACCOUNT) -> str:
        """A security group of its own in `vpc`."""
        group = self.client("ec2", account).create_security_group(GroupName=name, Description=name, VpcId=vpc)
        return str(group["GroupId"])

    def new_vpc(self, account: str = ACCOUNT) -> str:
        return str(self.client("ec2", account).create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"])

    def ingress(self, group: str, account: str = ACCOUNT) -> dict[str, dict[str, Any]]:
        """What a group lets in, by rule id."""
        wanted = [{"Name": "group-id", "Values": [group]}]
        rules = self.client("ec2", account).describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
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


def in_account(account: str) -> Callable[..., None]:
    """moto takes the account from a header, or else from access keys that it has made itself."""

    def tell(request: Any, **_: Any) -> None:
        request.headers["x-moto-account-id"] = account

    return tell


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"
