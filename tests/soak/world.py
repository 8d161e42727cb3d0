"""What the soak does to the accounts, and what it expects of the guard."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import Guard
from local_aws.places import ACCOUNT

Json = dict[str, Any]

MEMBERS = ("222222222222", "333333333333", "444444444444", "555555555555")
ACCOUNTS = (ACCOUNT, *MEMBERS)
# No rule is asked of it.
UNASKED = "AssignIpv6Addresses"
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@dataclass(frozen=True)
class Opened:
    """A group with one legitimate line, in which SSH was really opened to the world."""

    account: str
    group: str
    https: str
    ssh: str
    event: str


@dataclass
class Sent:
    """Everything that was sent, by what must become of it."""

    bodies: list[str] = field(default_factory=list)
    violating: list[Opened] = field(default_factory=list)
    quiet: set[tuple[str, str]] = field(default_factory=set)
    ignored: int = 0
    duplicates: int = 0
    poison: set[str] = field(default_factory=set)


def opened(cloud: LocalAws, account: str, vpc: str, number: int) -> tuple[Opened, Json]:
    """Really opens SSH in a group of its own; the call's record."""
    ec2 = cloud.client("ec2", account)
    group = cloud.new_group(vpc, f"soak-{number}", account)
    https = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])["SecurityGroupRules"][0]
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    record = cloudtrail.authorize_record(group, [SSH], answer, account=account)
    ssh = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return Opened(account, group, https["SecurityGroupRuleId"], ssh, record["eventID"]), record


def quiet(account: str, group: str, chance: random.Random) -> Json:
    """A narrow line was added, which nobody minds."""
    narrow = {"IpProtocol": "tcp", "FromPort": 8000 + chance.randrange(1000), "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    narrow["ToPort"] = narrow["FromPort"]
    line = {
        "SecurityGroupRuleId": f"sgr-{chance.getrandbits(68):017x}", "GroupId": group, "IsEgress": False, "IpProtocol": "tcp",
        "FromPort": narrow["FromPort"], "ToPort": narrow["ToPort"], "CidrIpv4": "203.0.113.0/24",
    }  # fmt: skip
    return cloudtrail.authorize_record(group, [narrow], {"SecurityGroupRules": [line]}, account=account)


def ignored(account: str, chance: random.Random) -> Json:
    """A call that no rule asks for, or one that failed."""
    record = cloudtrail.record(UNASKED, {}, {"_return": True}, account=account)
    if chance.random() < 0.5:
        record["eventName"] = "AuthorizeSecurityGroupIngress"
        record["errorCode"] = "Client.InvalidPermission.Duplicate"
        record["responseElements"] = None
    return record


def poisonous(chance: random.Random) -> str:
    """What no parser takes, and nobody can mend."""
    whole = f'{{"detail": {{"eventID": "{uuid.UUID(int=chance.getrandbits(128))}", "eventName": '
    return whole + chance.choice(["", "nul", "[" * 300, '"\\ud800"}}'])


def make(cloud: LocalAws, events: int, reverts: int, chance: random.Random) -> Sent:
    """`events` messages: `reverts` real openings, 20 % duplicates, 1 % poison, the rest harmless; shuffled."""
    sent = Sent()
    vpcs = {account: cloud.new_vpc(account) for account in ACCOUNTS}
    for number in range(reverts):
        account = ACCOUNTS[number % len(ACCOUNTS)]
        one, record = opened(cloud, account, vpcs[account], number)
        sent.violating.append(one)
        sent.bodies.append(json.dumps(cloudtrail.envelope(record)))
    poison, duplicates = events // 100, events // 5
    for at in range(events - reverts - poison - duplicates):
        account = chance.choice(ACCOUNTS)
        if at % 2:
            record = quiet(account, chance.choice(sent.violating).group, chance)
            sent.quiet.add((record["eventID"], account))
        else:
            record = ignored(account, chance)
            sent.ignored += 1
        sent.bodies.append(json.dumps(cloudtrail.envelope(record)))
    sent.duplicates = duplicates
    sent.bodies += chance.choices(sent.bodies, k=duplicates)
    sent.poison = {poisonous(chance) for _ in range(poison)}
    sent.bodies += sorted(sent.poison)
    chance.shuffle(sent.bodies)
    return sent


def deliver(guard: Guard, sent: Sent) -> None:
    for at in range(0, len(sent.bodies), 10):
        guard.send(*sent.bodies[at : at + 10])
