"""What a difference asks of a long list grows as the list does: a panel of a thousand components is no attack."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.translate.remainder import json_patch
from bridge.translate.remainder.json_patch import json_difference, json_patched


def panel(number: int, **more: Any) -> dict[str, Any]:
    return {"component": [{"code": {"text": f"c{one}"}, "valueInteger": one, **more} for one in range(number)]}


def asked(number: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often an element is looked at for what it is."""
    count, kept = [0], json_patch._kept

    def counted(element: Any) -> Any:
        count[0] += 1
        return kept(element)

    with monkeypatch.context() as patch:
        patch.setattr(json_patch, "_kept", counted)
        native, wanted = panel(number), panel(number, dataAbsentReason={"text": "x"})
        entries = list(json_difference(native, wanted))
        assert len(entries) == number
        assert json_patched(native, entries) == []
        assert native == wanted
    return count[0]


def test_each_element_is_looked_at_once_for_each_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(100, monkeypatch) == 2 * 100
    assert asked(200, monkeypatch) == 2 * 200
