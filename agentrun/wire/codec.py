"""JSON codec of the events, derived from the fields of their classes.

Nothing here is written by hand per event: a new field of a class is a new field on the wire. Parsing a
client event is as strict as the service is (unknown and missing parameters are named by their path);
parsing a server event is lenient to additions, because the API grows.
"""

from __future__ import annotations

import binascii
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from agentrun.errors import RemoteProtocolError
from agentrun.wire import client, server
from agentrun.wire.client import ClientEvent
from agentrun.wire.json import JsonObject, JsonValue
from agentrun.wire.server import ServerEvent, UnknownEvent


@dataclasses.dataclass(frozen=True, slots=True)
class _WireField:
    name: str
    required: bool
    nullable: bool
    kinds: tuple[type, ...]
    decode: Callable[[Any], Any] | None
    expected: str


_WORDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    dict: "an object",
    list: "an array",
    bool: "a boolean",
}


def dump_event(event: ClientEvent | ServerEvent) -> JsonObject:
    """Return the event as the JSON object that goes over the wire, `type` first."""
    if isinstance(event, UnknownEvent):
        return dict(event.payload)
    payload: JsonObject = {"type": event.type}
    if event.event_id is not None:
        payload["event_id"] = event.event_id
    for field in _wire_fields(type(event)):
        value = getattr(event, field.name)
        if value is None and not field.required:
            continue
        payload[field.name] = _encode_base64(value) if isinstance(value, bytes) else value
    return payload


def encode_event(event: ClientEvent | ServerEvent) -> str:
    """Return the event as the text of one WebSocket frame."""
    if isinstance(event, client.InputAudioBufferAppend) and event.event_id is None:
        # The hot path: pasting is several times cheaper than an encoder that looks for what to escape.
        return f'{{"type":"input_audio_buffer.append","audio":"{_encode_base64(event.audio)}"}}'
    return _ENCODER.encode(dump_event(event))


def decode_json(frame: str | bytes) -> JsonObject:
    """Parse one frame into a JSON object.

    Raises:
        RemoteProtocolError: `invalid_event`, if it is not a JSON object or not valid Unicode.

    """
    try:
        payload = _DECODER.decode(frame if isinstance(frame, str) else frame.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(f"The event is not valid JSON: {error}", code="invalid_event") from error
    if not isinstance(payload, dict):
        raise RemoteProtocolError("The event is not a JSON object.", code="invalid_event")
    return payload


def parse_server_event(payload: Mapping[str, JsonValue]) -> ServerEvent:
    """Turn a JSON object into a server event; members we do not know are ignored.

    Raises:
        RemoteProtocolError: if a required member is missing or of the wrong type.

    """
    name = payload.get("type")
    if not isinstance(name, str):
        raise RemoteProtocolError("The event has no `type`.", code="invalid_event", param="type")
    cls = SERVER_EVENTS.get(name)
    if cls is None:
        return UnknownEvent(name, dict(payload), _text_or_none(payload.get("event_id")))
    event: ServerEvent = _build(cls, payload)
    return event


def parse_client_event(payload: Mapping[str, JsonValue]) -> ClientEvent:
    """Turn a JSON object into a client event, as strictly as the service does.

    Raises:
        RemoteProtocolError: with the service's `code` and the path of the parameter in `param`.

    """
    name = payload.get("type")
    if name is None:
        raise RemoteProtocolError("Missing required parameter: 'type'.", code="invalid_event", param="type")
    cls = CLIENT_EVENTS.get(name) if isinstance(name, str) else None
    if cls is None:
        supported = ", ".join(f"'{known}'" for known in CLIENT_EVENTS)
        raise RemoteProtocolError(
            f"Invalid value: '{name}'. Supported values are: {supported}.", code="invalid_value", param="type"
        )
    known = {"type", "event_id", *(field.name for field in _wire_fields(cls))}
    for key in payload:
        if key not in known:
            raise RemoteProtocolError(f"Unknown parameter: '{key}'.", code="unknown_parameter", param=key)
    event: ClientEvent = _build(cls, payload)
    return event


def _build(cls: type[Any], payload: Mapping[str, JsonValue]) -> Any:
    values: dict[str, Any] = {}
    for field in _wire_fields(cls):
        value = payload.get(field.name)
        if value is not None:
            values[field.name] = _check(field, value)
        elif field.required:
            if not field.nullable:
                raise RemoteProtocolError(
                    f"Missing required parameter: '{field.name}'.",
                    code="missing_required_parameter",
                    param=field.name,
                )
            values[field.name] = None
    return cls(**values, event_id=_check_event_id(payload.get("event_id")))


def _check_event_id(value: JsonValue) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= 512):
        return value
    raise RemoteProtocolError(
        "Invalid 'event_id': expected a string of at most 512 characters.",
        code="invalid_value",
        param="event_id",
    )


def _check(field: _WireField, value: JsonValue) -> object:
    # bool is an int in Python and is not one in JSON
    if not isinstance(value, field.kinds) or (isinstance(value, bool) and bool not in field.kinds):
        raise RemoteProtocolError(
            f"Invalid type for '{field.name}': expected {field.expected}.",
            code="invalid_type",
            param=field.name,
        )
    if field.decode is None:
        return value
    try:
        return field.decode(value)
    except ValueError as error:
        raise RemoteProtocolError(
            f"Invalid '{field.name}': it is not valid base64.", code="invalid_value", param=field.name
        ) from error


_FIELDS: dict[type[Any], tuple[_WireField, ...]] = {}


def _wire_fields(cls: type[Any]) -> tuple[_WireField, ...]:
    if (fields := _FIELDS.get(cls)) is None:
        fields = _FIELDS[cls] = _describe_fields(cls)
    return fields


def _describe_fields(cls: type[Any]) -> tuple[_WireField, ...]:
    hints = typing.get_type_hints(cls)
    return tuple(
        _describe_field(field, hints[field.name])
        for field in dataclasses.fields(cls)
        if field.name != "event_id"
    )


def _describe_field(field: dataclasses.Field[Any], hint: Any) -> _WireField:
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    nullable = type(None) in options
    kind = next(option for option in options if option is not type(None))
    base = typing.get_origin(kind) or kind
    wire = str if base is bytes else base
    kinds: tuple[type, ...] = (int, float) if wire is float else (wire,)
    return _WireField(
        name=field.name,
        required=field.default is dataclasses.MISSING,
        nullable=nullable,
        kinds=kinds,
        decode=_decode_base64 if base is bytes else None,
        expected=_WORDS.get(wire, wire.__name__),
    )


def _encode_base64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def _decode_base64(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True) if text else b""


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


# Made once: making one for each frame would cost as much as using it.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


CLIENT_EVENTS: Mapping[str, type[Any]] = {cls.type: cls for cls in typing.get_args(ClientEvent)}
"""Every client event by its `type`."""

SERVER_EVENTS: Mapping[str, type[Any]] = {
    cls.type: cls for cls in typing.get_args(ServerEvent) if cls is not server.UnknownEvent
}
"""Every server event by its `type`."""
