"""The event patterns as they were deployed, asked through TestEventPattern."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from local_aws import cloudtrail
from local_aws.cloud import LocalAws
from local_aws.guard import Guard
from local_aws.places import ROOT

Json = dict[str, Any]

PATTERN_CHARS_MAX = 2_048
EVENTS = ROOT / "events"
NAIVE = {
    "detail-type": ["AWS API Call via CloudTrail"],
    "detail": {"eventName": ["AuthorizeSecurityGroupIngress"]},
}


def rule_files() -> list[Path]:
    return sorted((ROOT / "rules").rglob("rule.yaml"))


@cache
def naming_rules() -> list[tuple[Path, Json]]:
    """The rules that name calls which change something."""
    rules = [(path, yaml.safe_load(path.read_text())) for path in rule_files()]
    odd = ("failed", "reads")
    return [(path, rule) for path, rule in rules if isinstance(rule.get("events"), dict) and not any(map(rule.get, odd))]


@cache
def violating_fixtures() -> list[str]:
    """An event of each service that some rule's cases say violates it, as it stands. All are asked without an AWS."""
    found: dict[str, str] = {}
    for path, _ in naming_rules():
        cases = yaml.safe_load(path.with_name("cases.yaml").read_text())
        for case in cases.get("violates", []):
            if "event" in case and "but" not in case:
                found.setdefault(case["event"].split("/")[0], case["event"])
    return sorted(found.values())


@cache
def calls() -> list[tuple[str, str]]:
    """A call of each service that rules ask for: the last by its name."""
    named = {(source, name) for _, rule in naming_rules() for source, names in rule["events"].items() for name in names}
    return sorted(dict(sorted(named)).items())


def fixture(path: str) -> Json:
    return dict(json.loads((EVENTS / path).read_text()))


@pytest.fixture(scope="module")
def patterns(cloud: LocalAws, guard: Guard) -> dict[str, Json]:
    """The deployed patterns, `changes-1`… and `echoes-1`…"""
    rules = cloud.client("events").list_rules(NamePrefix=guard.name)["Rules"]
    return {rule["Name"].removeprefix(f"{guard.name}-"): json.loads(rule["EventPattern"]) for rule in rules}


def passes(cloud: LocalAws, pattern: Json, event: Json) -> bool:
    answer = cloud.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(event)
    )
    return bool(answer["Result"])


def routes(cloud: LocalAws, patterns: dict[str, Json], event: Json) -> list[str]:
    """What the rules that take an event are for: as often as the event arrives."""
    taken = [name for name, pattern in sorted(patterns.items()) if passes(cloud, pattern, event)]
    return [name.rsplit("-", 1)[0] for name in taken]


@pytest.mark.parametrize("path", violating_fixtures())
def test_an_event_of_each_service_that_violates_a_rule_arrives(
    cloud: LocalAws, patterns: dict[str, Json], path: str
) -> None:
    assert set(routes(cloud, patterns, cloudtrail.envelope(fixture(path)))) == {"changes"}


@pytest.mark.parametrize(("source", "name"), calls())
def test_a_call_of_each_service_that_rules_ask_for_arrives_once(
    cloud: LocalAws, patterns: dict[str, Json], source: str, name: str
) -> None:
    record = {**cloudtrail.record(name, {}, None), "eventSource": source}
    assert routes(cloud, patterns, cloudtrail.envelope(record)) == ["changes"]


def test_a_service_event_arrives_too(cloud: LocalAws, patterns: dict[str, Json]) -> None:
    event = cloudtrail.envelope(opening(), **{"detail-type": "AWS Service Event via CloudTrail"})
    assert routes(cloud, patterns, event) == ["changes"]


def opening(**changed: Any) -> Json:
    return {
        **cloudtrail.record("AuthorizeSecurityGroupIngress", {"groupId": "sg-0aa11bb22cc33dd44"}, None),
        **changed,
    }


def test_a_call_that_failed_arrives_only_where_it_was_refused(cloud: LocalAws, patterns: dict[str, Json]) -> None:
    for code in ("Client.InvalidParameterValue", "Client.DryRunOperation"):
        assert routes(cloud, patterns, cloudtrail.envelope(opening(errorCode=code))) == []
    refused = cloudtrail.envelope(opening(errorCode="Client.UnauthorizedOperation"))
    assert routes(cloud, patterns, refused) == ["failed"], "a rule counts refusals"


def test_what_anybody_may_put_on_the_bus_does_not_arrive_though_a_naive_pattern_takes_it(
    cloud: LocalAws, patterns: dict[str, Json]
) -> None:
    for source in ("ec2.amazonaws.com", "com.evil", "aws.ec2.evil", "AWS.EC2"):
        event = cloudtrail.envelope(opening(), source=source)
        assert routes(cloud, patterns, event) == []
        assert passes(cloud, NAIVE, event)


def test_another_service_s_event_of_the_same_name_does_not_arrive(
    cloud: LocalAws, patterns: dict[str, Json]
) -> None:
    assert routes(cloud, patterns, cloudtrail.envelope(opening(eventSource="evil.amazonaws.com"))) == []


def test_our_own_calls_arrive_once_as_echoes_and_other_people_s_reverts_as_none(
    cloud: LocalAws, guard: Guard, patterns: dict[str, Json]
) -> None:
    ours = cloudtrail.session_of(guard.outputs["ActingRoleArn"], "gardefou-0123456789abcdef-1")
    for name in ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "ModifySecurityGroupRules"):
        assert routes(cloud, patterns, cloudtrail.envelope(cloudtrail.record(name, {}, None, ours))) == [
            "echoes"
        ]
    for name in ("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"):
        theirs = routes(cloud, patterns, cloudtrail.envelope(cloudtrail.record(name, {}, None)))
        assert "echoes" not in theirs


def test_a_call_without_a_session_issuer_arrives(cloud: LocalAws, patterns: dict[str, Json]) -> None:
    for identity in ({"type": "Root"}, {"type": "IAMUser", "sessionContext": {"attributes": {}}}):
        assert routes(cloud, patterns, cloudtrail.envelope(opening(userIdentity=identity))) == ["changes"]


def test_no_pattern_is_longer_than_aws_allows(guard: Guard, patterns: dict[str, Json]) -> None:
    assert {"changes-1", "echoes-1"} <= set(patterns)
    longest_arn = f"arn:aws-us-gov:iam::123456789012:role/gardefou/{'r' * 64}"
    for pattern in patterns.values():
        text = json.dumps(pattern).replace(guard.outputs["ActingRoleArn"], longest_arn)
        assert len(text) <= PATTERN_CHARS_MAX
