"""What the ledger holds: findings with their history, and what became of each event."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from .places import ACCOUNT
from .waiting import until

LONG_AGO = "2020-01-01T00:00:00Z"
DECODE = TypeDeserializer()


@dataclass(frozen=True)
class Line:
    """One transition."""

    version: int
    before: str
    after: str
    cause: str
    at_ms: int
    sum: str
    hash: str
    prev_hash: str


@dataclass(frozen=True)
class Finding:
    id: str
    state: str
    epoch: int
    tell: int | None
    finding: dict[str, Any]
    life: dict[str, Any]
    evidence: dict[str, Any]
    history: list[Line]

    @property
    def label(self) -> str:
        """The state with its detail: `MANUAL denied`."""
        detail = self.life["state"].get("of")
        return f"{self.state} {detail}" if isinstance(detail, str) else self.state

    @property
    def rules(self) -> list[str]:
        return [violation["rule"] for violation in self.finding["violations"]]

    @property
    def culprits(self) -> set[str]:
        return {culprit["item"]["opening"]["rule"] for culprit in self.finding["culprits"]}

    @property
    def removed(self) -> set[str]:
        return set(self.evidence.get("removed", []))

    def passed(self, label: str) -> int:
        """How often it came to a state."""
        return sum(line.after == label for line in self.history)


class Ledger:
    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self.table = table

    def item(self, pk: str, sk: str = "S") -> dict[str, Any] | None:
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found = self._dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item")
        return decode(found) if found else None

    def put(self, item: dict[str, Any]) -> None:
        self._dynamodb.put_item(TableName=self.table, Item=item)

    def event(self, event_id: str) -> dict[str, Any] | None:
        """What became of an event: `result`, and the ids of its `findings`."""
        return self.item(f"EV#{event_id}#{ACCOUNT}")

    def finding(self, finding_id: str) -> Finding | None:
        asked = {":pk": {"S": f"F#{finding_id}"}}
        answer = self._dynamodb.query(
            TableName=self.table,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=asked,
            ConsistentRead=True,
        )
        found = {item["sk"]: item for item in map(decode, answer["Items"])}
        if "S" not in found:
            return None
        return read_finding(
            finding_id, found.pop("S"), [found[sk] for sk in sorted(found) if sk.startswith("H#")]
        )

    def findings(self) -> list[str]:
        """The ids of all findings."""
        return [finding.id for finding in self.all_findings()]

    def all_findings(self) -> list[Finding]:
        """All findings, by id, without their histories."""
        found = [item for item in self._all() if item["pk"].startswith("F#") and item["sk"] == "S"]
        return sorted((read_finding(item["pk"][2:], item, []) for item in found), key=lambda finding: finding.id)

    def results(self) -> Counter[str]:
        """How many events were seen, by what became of them."""
        return Counter(str(item["result"]) for item in self._all() if item["pk"].startswith("EV#"))

    def _all(self) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        for page in pages:
            yield from map(decode, page["Items"])

    def make_due(self, finding_id: str) -> None:
        """Lets a timer run out. For tests, which do not wait."""
        self._edit_life(finding_id, due_at=LONG_AGO)

    def back_date_sight(self, finding_id: str) -> None:
        """Lets the sweep that saw nothing of it have been a while ago. For tests."""
        self._edit_life(finding_id, compliant_since=LONG_AGO)

    def _edit_life(self, finding_id: str, **changed: str) -> None:
        found = self.finding(finding_id)
        assert found is not None
        self._dynamodb.update_item(
            TableName=self.table,
            Key={"pk": {"S": f"F#{finding_id}"}, "sk": {"S": "S"}},
            UpdateExpression="SET #life = :life, #due_at = :due",
            ExpressionAttributeNames={"#life": "life", "#due_at": "due_at"},
            ExpressionAttributeValues={
                ":life": {"S": json.dumps({**found.life, **changed})},
                ":due": {"N": "0"},
            },
        )

    def await_event(self, event_id: str, seconds: float = 30) -> dict[str, Any]:
        return until(f"event {event_id} in the ledger", lambda: self.event(event_id), seconds)

    def await_finding(self, event_id: str, *states: str, seconds: float = 40) -> Finding:
        """The one finding of an event, once it is in one of `states`."""
        ids = self.await_event(event_id, seconds)["findings"]
        assert len(ids) == 1, f"event {event_id} has findings {ids}"

        def reached() -> Finding | None:
            found = self.finding(ids[0])
            return found if found and found.state in states else None

        try:
            return until(f"finding {ids[0]} {' or '.join(states)}", reached, seconds)
        except AssertionError as error:
            found = self.finding(ids[0])
            story = [f"{line.after} ({line.cause})" for line in found.history] if found else []
            raise AssertionError(f"{error}; it went {story}, {found and found.evidence}") from error


def decode(item: dict[str, Any]) -> dict[str, Any]:
    return {name: DECODE.deserialize(value) for name, value in item.items()}


def read_finding(finding_id: str, item: dict[str, Any], history: list[dict[str, Any]]) -> Finding:
    tell = item.get("tell")
    lines = [
        Line(
            version=int(line["sk"][2:]), before=str(line.get("from", "")), after=str(line["to"]), cause=str(line["cause"]),
            at_ms=int(line["at"]), sum=str(line["sum"]), hash=str(line["hash"]), prev_hash=str(line.get("prev_hash", "")),
        )
        for line in history
    ]  # fmt: skip
    return Finding(
        id=finding_id, state=str(item["state"]), epoch=int(item["epoch"]), tell=None if tell is None else int(tell),
        finding=json.loads(item["finding"]), life=json.loads(item["life"]), evidence=json.loads(item["evidence"]), history=lines,
    )  # fmt: skip
