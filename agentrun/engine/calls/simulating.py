"""`/simulate/calls`: telephone calls that nobody had to dial. Not a part of the service's API.

    POST /simulate/calls                      begins a call; 201 with its `call_id`
    GET  /simulate/calls/{id}                 what has become of it so far, with the transcript
    GET  /simulate/calls/{id}/audio.wav       what the caller has heard so far
    POST /simulate/calls/{id}/hangup          the caller hangs up

The routes beside `/v1` have the rules of access of all others.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agentrun.engine.calls.order import MAX_BODY_BYTES, parse_order
from agentrun.engine.http.bodies import parse_object, read_body
from agentrun.engine.http.refusals import RequestRefused, refuse_parameter
from agentrun.engine.http.switchboard import Switchboard
from agentrun.errors import RemoteProtocolError

PREFIX = "/simulate/calls"


def simulating_routes(board: Switchboard) -> list[BaseRoute]:
    """Return the routes of simulated calls."""

    async def begin(request: Request) -> Response:
        _admit(board, request)
        body = parse_object(await read_body(request, MAX_BODY_BYTES))
        try:
            order = await asyncio.to_thread(parse_order, body)  # a recording may be long
        except RemoteProtocolError as refusal:
            raise refuse_parameter(refusal) from refusal
        simulation = board.simulations.begin(order)
        headers = {"location": f"{PREFIX}/{simulation.id}"}
        return JSONResponse(simulation.render(), HTTPStatus.CREATED, headers)

    async def show(request: Request) -> Response:
        _admit(board, request)
        return JSONResponse(board.simulations.find(request.path_params["call_id"]).render())

    async def play(request: Request) -> Response:
        _admit(board, request)
        simulation = board.simulations.find(request.path_params["call_id"])
        return Response(simulation.render_wav(), media_type="audio/wav")

    async def hang_up(request: Request) -> Response:
        _admit(board, request)
        board.simulations.hang_up(request.path_params["call_id"])
        return Response()

    one = f"{PREFIX}/{{call_id}}"
    return [
        Route(PREFIX, begin, methods=["POST"]),
        Route(one, show, methods=["GET"]),
        Route(f"{one}/audio.wav", play, methods=["GET"]),
        Route(f"{one}/hangup", hang_up, methods=["POST"]),
    ]


def _admit(board: Switchboard, request: Request) -> None:
    """Let in who may come in; a key of a browser opens sessions, and dials nobody."""
    if board.admit(request.headers).secret is not None:
        message = "A client secret cannot be used to simulate calls."
        raise RequestRefused(HTTPStatus.FORBIDDEN, "insufficient_permissions", message)
