"""Quantity and Range in words."""

from __future__ import annotations

from bridge.translate.basis.node import Home


def of_quantity(value: Home) -> str:
    parts = (value.get("comparator"), value.get("value"), value.get("unit") or value.get("code"))
    return " ".join(str(part) for part in parts if part is not None)


def of_range(value: Home) -> str:
    low, high = (of_quantity(value[end]) if end in value else "" for end in ("low", "high"))
    if low and high:
        return f"{low} - {high}"
    return f">= {low}" if low else f"<= {high}" if high else ""
