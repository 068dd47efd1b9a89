"""`POST /v1/realtime/client_secrets`.

Source: https://platform.openai.com/docs/api-reference/realtime-sessions/create-realtime-client-secret.
"""

from __future__ import annotations

import os

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agentrun.engine.checks import check_choice, check_number, check_object, check_shape, refuse
from agentrun.engine.http.access import refuse_key
from agentrun.engine.http.bodies import read_json
from agentrun.engine.http.refusals import refuse_for_now, refuse_parameter
from agentrun.engine.http.switchboard import Switchboard
from agentrun.engine.ids import Ids
from agentrun.engine.presets import begin_settings
from agentrun.engine.settings import render_session
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

USUAL_LIFE_S = 600
_MEMBERS = ("expires_after", "session")
_CHECK_LIFE = check_shape(
    {"anchor": check_choice("created_at"), "seconds": check_number(10, 7200, whole=True)}
)


def minting_routes(board: Switchboard) -> list[BaseRoute]:
    """Return the route that makes client secrets."""

    async def make_secret(request: Request) -> Response:
        visitor = board.admit(request.headers)
        if visitor.secret is not None:
            raise refuse_key("A client secret cannot be used to make another one.")
        body = await read_json(request)
        try:
            return JSONResponse(mint(board, body))
        except RemoteProtocolError as refusal:
            raise refuse_parameter(refusal) from refusal

    return [Route("/realtime/client_secrets", make_secret, methods=["POST"])]


def mint(board: Switchboard, body: JsonObject) -> JsonObject:
    """Make a client secret and return the reply.

    Raises:
        RemoteProtocolError: something in the body is not allowed.
        RequestRefused: 429, too many secrets are alive.

    """
    for name in body:
        if name not in _MEMBERS:
            refuse(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
    life, session = ({} if body.get(name) is None else body[name] for name in _MEMBERS)
    _CHECK_LIFE(life, "expires_after")
    check_object(session, "session")
    settings = begin_settings(Ids(os.urandom(16)).make("sess"), None, 0, session)
    made = board.client_secrets.make(session, life.get("seconds", USUAL_LIFE_S), board.now_s())
    if made is None:
        raise refuse_for_now("Too many client secrets are alive.")
    return {
        "value": made.value.reveal(),
        "expires_at": made.expires_at_s,
        "session": render_session(settings),
    }
