"""The codec is derived from the fields, so the tests are too: every event class takes part."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.errors import RemoteProtocolError
from agentrun.wire import (
    CLIENT_EVENTS,
    SERVER_EVENTS,
    UnknownEvent,
    client,
    decode_json,
    dump_event,
    encode_event,
    parse_client_event,
    parse_server_event,
    server,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    table: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(min_size=1, max_size=20),
        int: st.integers(0, 10**9),
        float: st.floats(0, 1e6),
        bytes: st.binary(max_size=40),
    }
    if hint in table:
        return table[hint]
    if typing.get_origin(hint) is dict:
        return st.dictionaries(st.text(), JSON, max_size=3)
    if typing.get_origin(hint) is list:
        return st.lists(JSON, max_size=3)
    options = [values_of(option) for option in typing.get_args(hint) if option is not type(None)]
    return st.none() | st.one_of(options)


def events_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(cls)})


CLIENTS = st.sampled_from(sorted(CLIENT_EVENTS)).flatmap(lambda name: events_of(CLIENT_EVENTS[name]))
SERVERS = st.sampled_from(sorted(SERVER_EVENTS)).flatmap(lambda name: events_of(SERVER_EVENTS[name]))


@given(CLIENTS)
def test_every_client_event_survives_the_wire(event: Any) -> None:
    assert parse_client_event(decode_json(encode_event(event))) == event


@given(SERVERS)
def test_every_server_event_survives_the_wire(event: Any) -> None:
    assert parse_server_event(decode_json(encode_event(event))) == event


@given(st.binary(max_size=60) | st.text(max_size=60), JSON)
def test_no_frame_raises_anything_but_a_protocol_error(frame: bytes | str, value: Any) -> None:
    for text in (frame, json.dumps(value), json.dumps({"type": "response.done", "response": value})):
        with contextlib.suppress(RemoteProtocolError):
            parse_server_event(decode_json(text))
            parse_client_event(decode_json(text))


def test_names_cover_the_vocabulary() -> None:
    assert len(CLIENT_EVENTS) == 11
    assert len(SERVER_EVENTS) == 44
    assert CLIENT_EVENTS["session.update"] is client.SessionUpdate
    assert SERVER_EVENTS["response.output_audio.delta"] is server.ResponseOutputAudioDelta


def test_null_is_kept_where_the_service_sends_null_and_left_out_elsewhere() -> None:
    first = server.ConversationItemAdded(None, {"id": "item_1"}, "event_1")
    assert dump_event(first) == {
        "type": "conversation.item.added",
        "event_id": "event_1",
        "previous_item_id": None,
        "item": {"id": "item_1"},
    }
    assert dump_event(client.ResponseCancel()) == {"type": "response.cancel"}


def test_the_pasted_audio_frame_equals_the_encoded_one() -> None:
    event = client.InputAudioBufferAppend(bytes(range(256)))
    assert json.loads(encode_event(event)) == dump_event(event)


@pytest.mark.parametrize(
    ("payload", "code", "param"),
    [
        ({}, "invalid_event", "type"),
        ({"type": "response.creat"}, "invalid_value", "type"),
        ({"type": 7}, "invalid_value", "type"),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": []}, "invalid_type", "session"),
        ({"type": "response.cancel", "reason": "x"}, "unknown_parameter", "reason"),
        ({"type": "input_audio_buffer.append", "audio": "a b"}, "invalid_value", "audio"),
        ({"type": "response.create", "event_id": "x" * 513}, "invalid_value", "event_id"),
        (
            {"type": "conversation.item.truncate", "item_id": "i", "content_index": True, "audio_end_ms": 0},
            "invalid_type",
            "content_index",
        ),
    ],
)
def test_a_bad_client_event_is_refused_with_code_and_path(payload: Any, code: str, param: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse_client_event(payload)
    assert (caught.value.code, caught.value.param) == (code, param)


@pytest.mark.parametrize("frame", ["", "[]", "{", '{"type": NaN}', b"\xff\xfe\x00", "[" * 100_000])
def test_what_is_not_a_json_object_is_an_invalid_event(frame: str | bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        decode_json(frame)
    assert caught.value.code == "invalid_event"


def test_an_unknown_server_event_is_kept_whole() -> None:
    payload = {"type": "response.hologram.delta", "event_id": "event_9", "delta": 1}
    event = parse_server_event(payload)
    assert event == UnknownEvent("response.hologram.delta", payload, "event_9")
    assert dump_event(event) == payload


def test_a_known_server_event_may_grow() -> None:
    grown = {"type": "response.output_audio.done", "response_id": "r", "item_id": "i", "output_index": 0}
    event = parse_server_event({**grown, "content_index": 0, "brand_new": [1]})
    assert event == server.ResponseOutputAudioDone("r", "i", 0, 0)
