"""The Realtime vocabulary: client and server events and their JSON codec.

Classes live in `wire.client` and `wire.server`; import the two modules and write `client.SessionUpdate`,
`server.ResponseDone`.
"""

from agentrun.wire.client import ClientEvent
from agentrun.wire.codec import (
    CLIENT_EVENTS,
    SERVER_EVENTS,
    decode_json,
    dump_event,
    encode_event,
    parse_client_event,
    parse_server_event,
)
from agentrun.wire.json import JsonObject, JsonValue
from agentrun.wire.server import ServerEvent, UnknownEvent

__all__ = [
    "CLIENT_EVENTS",
    "SERVER_EVENTS",
    "ClientEvent",
    "JsonObject",
    "JsonValue",
    "ServerEvent",
    "UnknownEvent",
    "decode_json",
    "dump_event",
    "encode_event",
    "parse_client_event",
    "parse_server_event",
]
