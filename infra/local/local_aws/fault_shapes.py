"""Which call of AWS a request is, and how its service words a failure.

JSON (DynamoDB, SQS, Secrets Manager…), query (SNS, STS…), and EC2's own kind of query.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

CREDENTIAL = re.compile(r"Credential=([^/,]+)/\d{8}/[^/]+/([^/]+)/aws4_request")

# Service → the type's prefix, its failures, its refusals. DynamoDB uses both refusals for tables on demand.
IN_JSON = {
    "dynamodb": ("com.amazonaws.dynamodb.v20120810#", "InternalServerError",
                 ["ProvisionedThroughputExceededException", "ThrottlingException"]),
    "sqs": ("com.amazonaws.sqs#", "InternalFailure", ["RequestThrottled"]),
    "secretsmanager": ("", "InternalServiceError", ["ThrottlingException"]),
}  # fmt: skip
IN_JSON_OTHERS = ("", "InternalFailure", ["ThrottlingException"])
IN_QUERY = {
    "sns": ("http://sns.amazonaws.com/doc/2010-03-31/", "InternalError"),
    "sts": ("https://sts.amazonaws.com/doc/2011-06-15/", "InternalFailure"),
}
IN_QUERY_OTHERS = ("", "InternalFailure")


@dataclass(frozen=True)
class Call:
    """What is called; `protocol` is json, query, ec2 or nothing."""

    key: str
    service: str
    operation: str
    protocol: str

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


def read_call(method: str, headers: Any, body: bytes) -> Call:
    credential = CREDENTIAL.search(headers.get("Authorization", ""))
    key, service = credential.groups() if credential else ("", "unknown")
    if target := headers.get("X-Amz-Target"):
        return Call(key, service, target.rpartition(".")[2], "json")
    if "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        action = parse_qs(body.decode(errors="replace")).get("Action", ["unknown"])[0]
        return Call(key, service, action, "ec2" if service == "ec2" else "query")
    return Call(key, service, method, "")


def refusal(call: Call, kind: str, variant: float, content_type: str) -> tuple[int, dict[str, str], bytes]:
    """The answer with which the service itself would fail or throttle; `variant` in [0, 1) chooses among several."""
    failed = kind == "error"
    text = "We encountered an internal error. Please try again." if failed else "Rate exceeded"
    request = str(uuid4())
    if call.protocol == "json":
        prefix, failure, refusals = IN_JSON.get(call.service, IN_JSON_OTHERS)
        code = failure if failed else refusals[int(variant * len(refusals))]
        headers = {"Content-Type": content_type, "x-amzn-RequestId": request}
        if call.service == "sqs":
            headers["x-amzn-query-error"] = f"{code};{'Receiver' if failed else 'Sender'}"
        return 500 if failed else 400, headers, json.dumps({"__type": prefix + code, "message": text}).encode()
    headers = {"Content-Type": "text/xml;charset=UTF-8", "x-amzn-RequestId": request}
    if call.protocol == "ec2":
        code = "InternalError" if failed else "RequestLimitExceeded"
        inner = f"<Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>"
        xml = f"<Response>{inner}<RequestID>{request}</RequestID></Response>"
        return 500 if failed else 503, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode()
    space, failure = IN_QUERY.get(call.service, IN_QUERY_OTHERS)
    code, side = (failure, "Receiver") if failed else ("Throttling", "Sender")
    inner = f"<Error><Type>{side}</Type><Code>{code}</Code><Message>{text}</Message></Error>"
    xml = f'<ErrorResponse xmlns="{space}">{inner}<RequestId>{request}</RequestId></ErrorResponse>'
    return 500 if failed else 400, headers, xml.encode()
