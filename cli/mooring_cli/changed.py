"""`mooring app history NAME --id ID --fields`: which fields an operation changed, as a page."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["changes_page"]


def changes_page(found: dict[str, Any]) -> str:
    """Every object with the fields that changed, and both values of each."""
    lines: list[str] = []
    for each in found["objects"]:
        lines.append(f"{each['object']} {each['result']}")
        for field in each["fields"]:
            sides = [(sign, field[side]) for sign, side in (("-", "before"), ("+", "after")) if field[side] is not None]
            lines.append(f"  {field['path']}")
            lines += [f"    {sign} {json.dumps(value, ensure_ascii=False)}" for sign, value in sides]
        if each.get("cut"):
            lines.append("  (its fields don't fit into the answer)")
    if found["leftOut"]:
        lines.append(f"… and {found['leftOut']} more objects")
    return "\n".join(lines) or "it changed no object of git"
