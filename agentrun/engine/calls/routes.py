"""`POST /v1/realtime/calls` and what may be done with a call over HTTP.

Source: https://platform.openai.com/docs/api-reference/realtime-calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agentrun.engine.calls.offers import Offer, read_offer
from agentrun.engine.calls.registry import DECLINED
from agentrun.engine.checks import check_number, check_shape, check_text
from agentrun.engine.http.bodies import read_json
from agentrun.engine.http.refusals import RequestRefused, refuse_parameter
from agentrun.engine.http.switchboard import Switchboard
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

_CHECK_REJECT = check_shape({"status_code": check_number(400, 699, whole=True)})
_CHECK_REFER = check_shape({"target_uri": check_text}, required=("target_uri",))


def call_routes(board: Switchboard) -> list[BaseRoute]:
    """Return the routes of calls."""

    async def create(request: Request) -> Response:
        visitor = board.admit(request.headers)
        offer = await read_offer(request, visitor.secret.session if visitor.secret else None)
        return await _answer(board, offer)

    async def accept(request: Request) -> Response:
        body = await _read(board, request)
        if body.get("type") != "realtime":
            message = "Missing required parameter: 'type'."
            raise RequestRefused(HTTPStatus.BAD_REQUEST, "missing_required_parameter", message, "type")
        board.calls.accept(request.path_params["call_id"], body)
        return Response()

    async def reject(request: Request) -> Response:
        body = await _read(board, request)
        _check(lambda: _CHECK_REJECT(body, ""))
        board.calls.reject(request.path_params["call_id"], body.get("status_code", DECLINED))
        return Response()

    async def refer(request: Request) -> Response:
        body = await _read(board, request)
        _check(lambda: _CHECK_REFER(body, ""))
        board.calls.find(request.path_params["call_id"]).refer(body["target_uri"])
        return Response()

    async def hang_up(request: Request) -> Response:
        board.admit(request.headers)
        board.calls.hang_up(request.path_params["call_id"])
        return Response()

    acts: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "accept": accept,
        "reject": reject,
        "refer": refer,
        "hangup": hang_up,
    }
    one = "/realtime/calls/{call_id}"
    return [
        Route("/realtime/calls", create, methods=["POST"]),
        *(Route(f"{one}/{name}", act, methods=["POST"]) for name, act in acts.items()),
    ]


async def _read(board: Switchboard, request: Request) -> JsonObject:
    board.admit(request.headers)
    return await read_json(request)


def _check(check: Callable[[], None]) -> None:
    try:
        check()
    except RemoteProtocolError as refusal:
        raise refuse_parameter(refusal) from refusal


async def _answer(board: Switchboard, offer: Offer) -> Response:
    try:
        from agentrun.engine.calls.webrtc import answer_offer
    except ImportError as error:
        message = f"This engine has no WebRTC: install agentrun[webrtc] ({error})."
        raise RequestRefused(HTTPStatus.NOT_IMPLEMENTED, "webrtc_not_installed", message) from error
    call, answer = await answer_offer(board.calls, offer)
    headers = {"location": f"/v1/realtime/calls/{call.id}"}
    return Response(answer, HTTPStatus.CREATED, headers, media_type="application/sdp")
