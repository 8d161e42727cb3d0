"""The template as data: `!Ref X` is {"Ref": "X"}, `!GetAtt X.Arn` is {"Fn::GetAtt": ["X", "Arn"]}."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from local_aws.places import TEMPLATE

Json = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def tagged(loader: Loader, suffix: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise TypeError(f"`!{suffix}` on a mapping")
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", tagged)


def load(path: Path = TEMPLATE) -> Json:
    return dict(yaml.load(path.read_text(), Loader))


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """The properties of all resources of a type, by name."""
    resources = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == kind}


def statements(template: Json) -> Iterator[tuple[str, Json]]:
    """Every statement that a role is given, with the role's or policy's name."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            yield from ((role["Ref"], statement) for role in policy["Roles"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def refs(value: Any) -> Iterator[str]:
    """Every name that a value refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            elif key == "Fn::Sub":
                yield from re.findall(r"\$\{(\w+)\}", inner)
            else:
                yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)
