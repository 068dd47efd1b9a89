"""The Realtime vocabulary: client and server events and their JSON codec.

Classes live in `wire.client` and `wire.server`; import the two modules and write `client.SessionUpdate`,
`server.ResponseDone`. The names below are loaded on first use: the classes of fifty events take a tenth of a
second, and `wire.json` alone is what `agentrun validate` needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_HOMES = {
    "ClientEvent": "client",
    "ServerEvent": "server",
    "UnknownEvent": "server",
    "JsonObject": "json",
    "JsonValue": "json",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module `agentrun.wire` has no attribute `{name}`")
    return getattr(importlib.import_module(f"agentrun.wire.{_HOMES.get(name, 'codec')}"), name)
