"""From what came back to what the model reads, and from the status to the outcome.

    2xx                          ok: the body as JSON or text, `{"status": …}` if it is empty
    4xx                          failed: the service says that it did not do it
    408 409 425 429, 3xx, 5xx    unknown after a write, failed after a read
    2xx that cannot be read      unknown after a write, failed after a read

A body that is announced as JSON and is none cannot be read: half of an answer is not an answer. An HTML page
becomes its words. What is neither JSON nor text is described and not handed on.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from agentrun.outcome import to_json
from agentrun.plan import Effect
from agentrun.tools.call import CodedFailure, without_answer
from agentrun.tools.http.readable import looks_like_html, read_html
from agentrun.tools.http.repeats import is_final
from agentrun.wire.json import JsonValue

MOST_BYTES = 1024 * 1024
_MOST_OF_A_MESSAGE = 300
_TEXTS = ("text/", "application/xml", "application/yaml", "application/x-www-form-urlencoded")
# Where services put their reason, the most telling first: RFC 9457, GraphQL, OAuth and what is common.
_REASONS = ("detail", "message", "error_description", "error", "errors", "title", "reason")


class Unreadable(Exception):
    """A body is not what its headers announce; the text says how, for the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        body: plain JSON, or a text.
        location: where a redirect leads; empty if it does not say.
        retry_after: the header of that name; empty if there is none.
        fault: why the body cannot be read; empty if it can.

    """

    status: int
    body: JsonValue = None
    location: str = ""
    retry_after: str = ""
    fault: str = ""


def read_answer(status: int, headers: Mapping[str, str], raw: bytes) -> Answer:
    """Return an answer; `raw` is at most one byte longer than `MOST_BYTES`, and then it was cut.

    Raises:
        Unreadable: the body breaks off, or is compressed in a way that nobody asked for.

    """
    content, cut = _decompress(raw, headers.get("content-encoding", "").strip().lower())
    kind, _, parameters = headers.get("content-type", "").partition(";")
    body, fault = _parse(content, cut, kind.strip().lower(), _charset(parameters))
    return Answer(status, body, headers.get("location", ""), headers.get("retry-after", ""), fault)


def judge(answer: Answer, effect: Effect) -> JsonValue:
    """Return the result of a tool.

    Raises:
        CodedFailure: the answer says that nothing was done.
        Unconfirmed: it does not say so.

    """
    if 200 <= answer.status < 300:
        if answer.fault:
            raise without_answer(effect, "bad_answer", "The service gave an answer that cannot be read.")
        return answer.body if answer.body not in ("", None) else {"status": answer.status}
    code, text = f"http_{answer.status}", f"The service answered {_phrase(answer.status)}"
    reason = find_reason(answer.body)
    message = f"{text}: {reason}" if reason else f"{text}."
    result = {"status": answer.status, "body": answer.body}
    if is_final(answer.status):
        raise CodedFailure(code, message, result=result)
    raise without_answer(effect, code, message, result=result)


def find_reason(body: JsonValue) -> str:
    """Return the sentence by which a service explains itself, at most 300 characters; empty if none."""
    for _ in range(8):
        match body:
            case str():
                return " ".join(body.split())[:_MOST_OF_A_MESSAGE]
            case dict():
                body = next((body[name] for name in _REASONS if body.get(name)), None)
            case list() if body:
                body = body[0]
            case _:
                return ""
    return ""


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _decompress(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """Undo a compression that we did not ask for, up to `MOST_BYTES`: little can unpack to very much."""
    too_long = len(raw) > MOST_BYTES
    if encoding in ("", "identity") or not raw:
        return raw[:MOST_BYTES], too_long
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Unreadable(f"its content encoding is {encoding[:40]}")
    unpacker = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
    try:
        content = unpacker.decompress(raw, MOST_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"it is not {encoding}: {error}") from error
    cut = len(content) > MOST_BYTES
    if not (unpacker.eof or cut or too_long):
        raise Unreadable(f"its {encoding} breaks off")
    return content[:MOST_BYTES], cut or too_long


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return "utf-8"


def _parse(content: bytes, cut: bool, kind: str, charset: str) -> tuple[JsonValue, str]:
    """Return the body and, if it cannot be read, why."""
    if not content:
        return "", ""
    if kind.endswith(("/json", "+json")):
        return _parse_json(content, cut)
    text = _decode(content, charset)
    if kind.endswith(("/html", "/xhtml+xml")) or looks_like_html(text):
        return to_json(read_html(text)), ""
    if not kind:
        body, fault = _parse_json(content, cut)
        return (to_json(text), "") if fault else (body, "")
    if kind.startswith(_TEXTS) or kind.endswith("+xml") or _is_text(content):
        return to_json(text), ""
    return {"content_type": to_json(kind[:100]), "bytes": len(content)}, ""


def _parse_json(content: bytes, cut: bool) -> tuple[JsonValue, str]:
    if cut:
        return to_json(_decode(content, "utf-8")), ""  # the beginning is worth more than nothing
    try:
        return to_json(json.loads(content)), ""
    except (ValueError, TypeError, RecursionError) as error:
        text = _decode(content, "utf-8")
        seen = "a page" if looks_like_html(text) else f"no JSON ({type(error).__name__})"
        return to_json(read_html(text) if seen == "a page" else text), f"announced as JSON, it is {seen}"


def _decode(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, errors="replace")
    except LookupError:
        return content.decode(errors="replace")


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False
