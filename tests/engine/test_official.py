"""The checks that every event passes would notice what clients trip over."""

from __future__ import annotations

from typing import Any

import pytest

from agentrun.wire import SERVER_EVENTS
from tests.engine.official import check_event, load_types

MESSAGE = {"id": "item_1", "type": "message", "status": "completed", "role": "user"}
RESPONSE = {"id": "resp_1", "output": [], "audio": {"output": {"voice": "marin"}}}


def added(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "conversation.item.added", "event_id": "e", "previous_item_id": None, "item": item}


def part(kind: str, **members: Any) -> dict[str, Any]:
    shown = {"type": kind, **members}
    return {
        "type": "response.content_part.done",
        "event_id": "e",
        "response_id": "r",
        "item_id": "i",
        "output_index": 0,
        "content_index": 0,
        "part": shown,
    }


def transcribed(usage: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "conversation.item.input_audio_transcription.completed",
        "event_id": "e",
        "item_id": "i",
        "content_index": 0,
        "transcript": "",
        "usage": usage,
    }


TOKENS = {"type": "tokens", "input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
DETAILS = {"text_tokens": 0, "audio_tokens": 1}
GOOD = [
    added({**MESSAGE, "content": [{"type": "input_audio", "transcript": None}]}),
    part("audio", transcript=""),
    transcribed({**TOKENS, "input_token_details": DETAILS}),
    {"type": "response.created", "event_id": "e", "response": RESPONSE},
]
BAD = [
    ({"type": "conversation.started", "event_id": "e"}, "no official client"),
    ({"type": "session.created", "event_id": "e"}, "session"),
    (added({**MESSAGE, "status": None, "content": []}), "status"),
    (added({**MESSAGE, "content": [{"type": "input_audio"}]}), "transcript"),
    (added({**MESSAGE, "content": [{"type": "input_text", "text": None}]}), "text"),
    (part("audio", transcript=None), "part"),
    (part("text"), "part"),
    (transcribed(TOKENS), "details"),
    (
        {
            "type": "response.created",
            "event_id": "e",
            "response": {**RESPONSE, "audio": {"output": {"voice": None}}},
        },
        "voice",
    ),
    (
        {
            "type": "response.mcp_call_arguments.delta",
            "event_id": "e",
            "response_id": "r",
            "item_id": "i",
            "output_index": 0,
            "delta": "{",
        },
        "obfuscation",
    ),
    (added({"id": "m", "type": "mcp_call", "server_label": "s", "name": "n", "arguments": "{}"}), "output"),
    (
        added(
            {
                "id": "m",
                "type": "mcp_list_tools",
                "server_label": "s",
                "tools": [{"name": "n", "input_schema": {}}],
            }
        ),
        "description",
    ),
]


@pytest.mark.parametrize("event", GOOD, ids=lambda event: str(event["type"]))
def test_good_events_pass(event: dict[str, Any]) -> None:
    check_event(event)


@pytest.mark.parametrize(("event", "word"), BAD)
def test_bad_events_are_noticed(event: dict[str, Any], word: str) -> None:
    with pytest.raises(AssertionError, match=word):
        check_event(event)


def test_every_event_of_the_vocabulary_is_official() -> None:
    old = {"conversation.created", "conversation.item.created"}
    assert set(load_types()) - old == set(SERVER_EVENTS)
