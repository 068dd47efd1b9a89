"""Reading the offer of a WebRTC call from a request, in its two shapes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from agentrun.engine.http.bodies import parse_object, read_body
from agentrun.engine.http.refusals import RequestRefused
from agentrun.wire.json import JsonObject


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client offers.

    Attributes:
        sdp: its description.
        model: what it asks for in the query, or None.
        session: settings of the session, as in a `session.update`; empty if there are none.

    """

    sdp: str
    model: str | None
    session: JsonObject


async def read_offer(request: Request, bound: JsonObject | None) -> Offer:
    """Read an offer.

    Args:
        request: with a body of `application/sdp`, or of `multipart/form-data` with the parts `sdp` and
            `session`.
        bound: settings that came with the client secret; they are the ones that count, then.

    Raises:
        RequestRefused: the body is neither, or what it holds cannot be read.

    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        sdp, session = await _read_parts(request)
    elif kind == "application/sdp":
        sdp, session = (await read_body(request)).decode("utf-8", "replace"), {}
    else:
        message = "The body must be application/sdp, or multipart/form-data with `sdp` and `session`."
        raise RequestRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    if not sdp.strip():
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "missing_required_parameter", "There is no SDP.", "sdp")
    model = request.query_params.get("model") or None
    return Offer(sdp, model, session if bound is None else bound)


async def _read_parts(request: Request) -> tuple[str, JsonObject]:
    body = await read_body(request)  # bounded in size and time, which the parser is not

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(request.headers, stream(), max_files=4, max_fields=4, max_part_size=len(body))
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        message = f"The multipart body cannot be read: {getattr(error, 'message', error)}"
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "invalid_request", message) from error
    sdp, session = await _read_part(form.get("sdp")), await _read_part(form.get("session"))
    await form.close()
    return sdp.decode("utf-8", "replace"), parse_object(session)


async def _read_part(part: UploadFile | str | None) -> bytes:
    return await part.read() if isinstance(part, UploadFile) else (part or "").encode()
