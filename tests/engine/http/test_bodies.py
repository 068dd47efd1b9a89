"""Bodies: whatever comes is a JSON object or a refusal in the API's shape, within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.app import build_app
from agentrun.engine.http import bodies
from agentrun.engine.http.access import check_host, check_origin, find_target
from agentrun.engine.http.bodies import parse_object
from agentrun.engine.http.minting import mint
from agentrun.engine.http.refusals import RequestRefused
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject
from tests.engine.test_app import make_board, serve

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
TARGETS = st.sampled_from(["model", "call_id", "intent"])
TOOLS = st.lists(
    st.fixed_dictionaries({"type": st.sampled_from(["function", "mcp"])}, optional={"name": VALUES})
)
DETECTIONS = st.dictionaries(st.sampled_from(["type", "threshold", "eagerness"]), VALUES)
HEARD = st.fixed_dictionaries({}, optional={"turn_detection": DETECTIONS | VALUES, "transcription": VALUES})
AUDIO = st.fixed_dictionaries({}, optional={"input": HEARD | VALUES, "output": VALUES})
SESSIONS = st.fixed_dictionaries(
    {"type": st.sampled_from(["realtime", "transcription"]) | VALUES},
    optional={
        "model": VALUES,
        "instructions": VALUES,
        "tools": TOOLS | VALUES,
        "audio": AUDIO | VALUES,
        "include": VALUES,
    },
)
BODIES = st.fixed_dictionaries({}, optional={"session": SESSIONS | VALUES, "expires_after": VALUES})


def find_refusal(act: Callable[[], object]) -> RequestRefused | RemoteProtocolError | None:
    """Do something that may be refused; anything else that it raises is a bug."""
    try:
        act()
    except (RemoteProtocolError, RequestRefused) as refusal:
        return refusal
    return None


@given(BODIES)
def test_every_body_is_obeyed_or_refused(body: JsonObject) -> None:
    board = make_board()
    refusal = find_refusal(lambda: json.dumps(mint(board, body)))
    assert len(board.client_secrets) == (refusal is None)
    assert refusal is None or (str(refusal) and refusal.code)


@given(st.binary(max_size=40) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_every_text_is_an_object_or_refused(body: bytes) -> None:
    refusal = find_refusal(lambda: parse_object(body))
    if refusal is None:
        assert isinstance(parse_object(body), dict)
    else:
        assert refusal.code == "invalid_json"


@given(st.text(max_size=30), st.dictionaries(TARGETS, st.text(max_size=3)))
def test_no_header_and_no_query_breaks_the_door(text: str, query: dict[str, str]) -> None:
    for refusal in (
        find_refusal(lambda: check_host({"host": text})),
        find_refusal(lambda: check_origin({"origin": text})),
    ):
        assert refusal is None or refusal.code in ("wrong_host", "wrong_origin")
    refusal = find_refusal(lambda: find_target(query))
    named = {name for name, value in query.items() if value}
    assert (refusal is not None) == (len(named) > 1 and named != {"model", "intent"})
    assert refusal is None or refusal.param in query


async def test_a_body_that_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_LIMIT_S", 0.05)
    async with serve(build_app(make_board())) as place, asyncio.timeout(20):
        host, _, port = place.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        path = "/v1/realtime/client_secrets"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: {place}\r\nContent-Length: 9\r\n\r\n{{".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
