"""A Block Kit message as plain text, the way a person reads it."""

from __future__ import annotations

from typing import Any


def as_text(message: dict[str, Any]) -> str:
    return "\n".join(line for block in message.get("blocks", []) for line in block_lines(block)) or str(
        message.get("text")
    )


def block_lines(block: dict[str, Any]) -> list[str]:
    if block["type"] == "header":
        return [unescaped(block["text"]["text"]), ""]
    lines = unescaped(block["text"]["text"]).splitlines() if block.get("text") else []
    lines += [unescaped(one["text"]).replace("\n", " ") for one in block.get("fields", [])]
    lines += [unescaped(one["text"]) for one in block.get("elements", [])]
    return [*lines, ""]


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
