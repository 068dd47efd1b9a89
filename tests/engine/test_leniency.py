"""Dropping one member of an event."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from agentrun.engine.leniency import drop_member

EVENT: dict[str, Any] = {"type": "x", "session": {"tools": [{"name": "f"}, {"name": "g", "strict": True}]}}


def test_member_is_dropped_from_a_copy() -> None:
    before = copy.deepcopy(EVENT)
    assert drop_member(EVENT, "session.tools[1].strict") == {
        "type": "x",
        "session": {"tools": [{"name": "f"}, {"name": "g"}]},
    }
    assert before == EVENT


@pytest.mark.parametrize(
    "path", ["session.tools[2].strict", "session.nothing", "type.x", "", "session.tools.x"]
)
def test_nothing_is_dropped_where_there_is_nothing(path: str) -> None:
    assert drop_member(EVENT, path) is None
