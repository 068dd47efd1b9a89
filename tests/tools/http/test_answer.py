from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.plan import Effect
from agentrun.tools.call import CodedFailure, Unconfirmed
from agentrun.tools.http.answer import MOST_BYTES, Answer, Unreadable, find_reason, judge, read_answer
from agentrun.tools.http.readable import MOST_HTML, read_html

EFFECTS: tuple[Effect, ...] = ("read", "write")
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}
PAGE = """<!DOCTYPE html><html><head><title>Bad Gateway</title><style>b {}</style><script>go(1 < 2)</script>
</head><body><h1>502 &amp; more</h1><p>Try   again
later</p><ul><li>one<li>two</ul><svg><text>x</text></svg></body></html>"""


def read(raw: bytes, kind: str = "application/json", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_answer(200, {"content-type": kind, **named}, raw)


def find_failure(answer: Answer, effect: Effect) -> CodedFailure | Unconfirmed:
    with pytest.raises((CodedFailure, Unconfirmed)) as caught:
        judge(answer, effect)
    assert isinstance(caught.value, CodedFailure | Unconfirmed)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "kind", "body"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "", {"a": 1}),
        (b"plain", "", "plain"),
        (PAGE.encode(), "", "Bad Gateway\n502 & more\nTry again\nlater\none\ntwo"),
        (PAGE.encode(), "text/plain", "Bad Gateway\n502 & more\nTry again\nlater\none\ntwo"),
        (b"<a>1</a>", "application/xml", "<a>1</a>"),
        (b"<a>1</a>", "application/atom+xml", "<a>1</a>"),
        (b"key: 1", "application/octet-stream", "key: 1"),
        (b"\x89PNG\r\n\0", "image/png", {"content_type": "image/png", "bytes": 7}),
        (b"\0\0", "application/octet-stream", {"content_type": "application/octet-stream", "bytes": 2}),
        ("grün".encode("latin-1"), 'text/plain; charset="latin-1"', "grün"),
        (b"", "application/json", ""),
    ],
)
def test_bodies(raw: bytes, kind: str, body: Any) -> None:
    assert (read(raw, kind).body, read(raw, kind).fault) == (body, "")


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe\xff", b"[" * 100, b"9" * 5000, b"OK", PAGE.encode()])
def test_json_that_is_none(raw: bytes) -> None:
    answer = read(raw)
    assert answer.fault.startswith("announced as JSON, it is ")
    told = [find_failure(answer, effect) for effect in EFFECTS]
    assert [type(one) for one in told] == [CodedFailure, Unconfirmed]
    assert {one.code for one in told} == {"bad_answer"}


def test_json_that_is_too_long_is_a_text() -> None:
    answer = read(b"[" + b"1," * MOST_BYTES)
    assert (len(answer.body), answer.fault) == (MOST_BYTES, "")


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "identity", "x-gzip", "nonsense"]))
def test_whatever_comes_is_an_answer_or_unreadable(raw: bytes, encoding: str) -> None:
    for kind in ("application/json", "text/html", "text/plain; charset=nonsense", "image/png", ""):
        try:
            answer = read(raw, kind, content_encoding=encoding)
        except Unreadable:
            continue
        assert answer.body is not None or answer.fault or kind == "application/json" or not kind


@given(st.binary(max_size=300), st.integers(0, 300), st.sampled_from(sorted(PACKERS)))
def test_half_of_a_packed_body_is_no_body(raw: bytes, end: int, name: str) -> None:
    packed = PACKERS[name](raw)
    whole = read(packed, "image/png", content_encoding=name)
    assert whole == read(raw, "image/png")
    if 0 < end < len(packed):
        with pytest.raises(Unreadable):
            read(packed[:end], "image/png", content_encoding=name)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    assert len(bomb) < MOST_BYTES
    assert len(read(bomb, "text/plain", content_encoding="gzip").body) == MOST_BYTES


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"detail": "no such\n order", "title": "Not Found"}, "no such order"),
        ({"error": {"code": 5, "message": "too late"}}, "too late"),
        ({"error": "invalid_grant", "error_description": "expired"}, "expired"),
        ({"errors": [{"message": "first"}, {"message": "second"}]}, "first"),
        ({"message": "", "title": "Gone"}, "Gone"),
        ({"code": 5}, ""),
        ({"errors": []}, ""),
        ("x" * 500, "x" * 300),
        (None, ""),
        ([], ""),
        (5, ""),
    ],
)
def test_the_reason_of_a_service(body: Any, reason: str) -> None:
    assert find_reason(body) == reason


@given(st.integers(100, 599), st.sampled_from(EFFECTS), st.text(max_size=20))
def test_a_failure_is_certain_or_it_is_not_called_one(status: int, effect: Effect, text: str) -> None:
    answer = Answer(status, text)
    if 200 <= status < 300:
        assert judge(answer, effect) == (text or {"status": status})
        return
    certain = 400 <= status < 500 and status not in (408, 409, 425, 429)
    failure = find_failure(answer, effect)
    assert isinstance(failure, CodedFailure if certain or effect == "read" else Unconfirmed)
    assert (failure.code, failure.result) == (f"http_{status}", {"status": status, "body": text})


def test_an_empty_success_says_so() -> None:
    assert judge(Answer(204, ""), "write") == {"status": 204}
    assert judge(Answer(200, False), "write") is False
    assert judge(Answer(200, []), "write") == []


@given(st.text(alphabet="<>/!-abp&;# \"'=script", max_size=300))
def test_any_page_can_be_read(page: str) -> None:
    text = read_html(page)
    assert text == text.strip()
    assert "  " not in text
    assert "\n\n" not in text


def test_of_a_long_page_the_beginning_is_read() -> None:
    assert len(read_html("x" * (2 * MOST_HTML))) == MOST_HTML
