from __future__ import annotations

import pytest

from agentrun.conversation.reading import read_object, read_text
from agentrun.wire.json import JsonValue


@pytest.mark.parametrize("value", [None, [], "x", {}, {"k": 1}, {"k": None}, {"k": ["v"]}])
def test_what_has_another_type_is_missing(value: JsonValue) -> None:
    assert read_text(value, "k") == ""
    assert read_object(value, "k") == {}


def test_members_are_read() -> None:
    assert read_text({"k": "v"}, "k") == "v"
    assert read_object({"k": {"n": 1}}, "k") == {"n": 1}
