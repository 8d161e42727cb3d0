"""What CloudTrail and EventBridge would say of a call: its record, made from the real request and answer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from .places import ACCOUNT, REGION

Json = dict[str, Any]

PERSON: Json = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE0000000040:claire.martin",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Operator_0123456789abcdef/claire.martin",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLE0000000001",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLE0000000040",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_Operator_0123456789abcdef",
            "accountId": ACCOUNT,
            "userName": "AWSReservedSSO_Operator_0123456789abcdef",
        },
        "attributes": {"creationDate": "2026-11-20T07:58:12Z", "mfaAuthenticated": "false"},
    },
}


def session_of(role_arn: str, session: str) -> Json:
    """The identity of a role's session, as gardefou's own calls have it."""
    name = role_arn.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE0000000099:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE0000000099", "arn": role_arn, "accountId": ACCOUNT, "userName": name,
            },
        },
    }  # fmt: skip


def record(
    name: str, request: Json, response: Json | None, actor: Json = PERSON, account: str = ACCOUNT
) -> Json:
    """One CloudTrail record of a call to EC2 that just happened."""
    request_id = str(uuid.uuid4())
    return {
        "eventVersion": "1.11",
        "userIdentity": actor,
        "eventTime": now(),
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "203.0.113.40",
        "userAgent": "aws-cli/2.19.5 md/command#ec2",
        "requestParameters": request,
        "responseElements": response and {"requestId": request_id, **response},
        "requestID": request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def envelope(detail: Json, **changed: Any) -> Json:
    """The event as EventBridge hands it to a rule's target."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{str(detail.get('eventSource', 'ec2')).split('.')[0]}",
        "account": detail.get("recipientAccountId", ACCOUNT),
        "time": now(),
        "region": REGION,
        "resources": [],
        "detail": detail,
        **changed,
    }


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def items(things: list[Json]) -> Json:
    """CloudTrail writes an empty list as `{}`."""
    return {"items": things} if things else {}


def authorize_record(
    group: str, permissions: list[Json], answer: Json, actor: Json = PERSON, account: str = ACCOUNT
) -> Json:
    """Of `AuthorizeSecurityGroupIngress`, as boto3 called it and was answered."""
    request = {"groupId": group, "ipPermissions": items([permission_item(one) for one in permissions])}
    response = {
        "_return": True,
        "securityGroupRuleSet": items([rule_item(rule) for rule in answer["SecurityGroupRules"]]),
    }
    return record("AuthorizeSecurityGroupIngress", request, response, actor, account)


def revoke_record(group: str, rules: list[Json], actor: Json) -> Json:
    """Of `RevokeSecurityGroupIngress` by rule id; `rules` as they were."""
    ids = [{"securityGroupRuleId": rule["SecurityGroupRuleId"]} for rule in rules]
    request = {"groupId": group, "ipPermissions": {}, "securityGroupRuleIds": items(ids)}
    response = {"_return": True, "revokedSecurityGroupRuleSet": items([rule_item(rule) for rule in rules])}
    return record("RevokeSecurityGroupIngress", request, response, actor)


def modify_record(group: str, updates: list[Json], actor: Json = PERSON) -> Json:
    """Of `ModifySecurityGroupRules`, in its PascalCase wrapper; a list of one is an object."""
    lines = [
        {
            "SecurityGroupRuleId": one["SecurityGroupRuleId"],
            "tag": at,
            "SecurityGroupRule": one["SecurityGroupRule"],
        }
        for at, one in enumerate(updates, 1)
    ]
    inner = {"GroupId": group, "SecurityGroupRule": lines if len(lines) > 1 else lines[0]}
    response = {"xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/", "return": True}
    found = record("ModifySecurityGroupRules", {"ModifySecurityGroupRulesRequest": inner}, None, actor)
    wrapped = {"requestId": found["requestID"], **response}
    return {**found, "responseElements": {"ModifySecurityGroupRulesResponse": wrapped}}


def permission_item(permission: Json) -> Json:
    """One IpPermission of a request."""
    item: Json = {"ipProtocol": permission["IpProtocol"]}
    for ours, theirs in (("FromPort", "fromPort"), ("ToPort", "toPort")):
        if ours in permission:
            item[theirs] = permission[ours]
    lists = {
        "groups": ("UserIdGroupPairs", {"GroupId": "groupId", "UserId": "userId"}),
        "ipRanges": ("IpRanges", {"CidrIp": "cidrIp"}),
        "ipv6Ranges": ("Ipv6Ranges", {"CidrIpv6": "cidrIpv6"}),
        "prefixListIds": ("PrefixListIds", {"PrefixListId": "prefixListId"}),
    }
    for theirs, (ours, names) in lists.items():
        known = {**names, "Description": "description"}
        found = [
            {known[key]: text for key, text in one.items() if key in known}
            for one in permission.get(ours, [])
        ]
        item[theirs] = items(found)
    return item


def rule_item(rule: Json) -> Json:
    """One line of an answer."""
    names = {
        "SecurityGroupRuleId": "securityGroupRuleId", "IsEgress": "isEgress", "IpProtocol": "ipProtocol",
        "FromPort": "fromPort", "ToPort": "toPort", "CidrIpv4": "cidrIpv4", "CidrIpv6": "cidrIpv6",
        "PrefixListId": "prefixListId", "Description": "description", "GroupId": "groupId",
    }  # fmt: skip
    item: Json = {"groupOwnerId": ACCOUNT}
    item.update({theirs: rule[ours] for ours, theirs in names.items() if rule.get(ours) not in (None, "")})
    if rule.get("ReferencedGroupInfo"):
        pair = rule["ReferencedGroupInfo"]
        item["referencedGroupInfo"] = {"groupId": pair.get("GroupId"), "userId": pair.get("UserId", ACCOUNT)}
    return item
