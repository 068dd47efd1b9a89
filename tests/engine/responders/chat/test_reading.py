"""What a chat server's stream becomes."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.remote.failures import RemoteFailed
from agentrun.engine.responders.chat.reading import ChatReader
from agentrun.engine.responders.chat.sse import LONGEST_CHARS, SseParser, SseTooLong
from agentrun.engine.seams import Call, Cut, More, Move, Say, Spent
from tests.engine.remote_kit import chunk, fragment


def read(*chunks: Any, has_tools: bool = True) -> list[Move]:
    reader = ChatReader(has_tools=has_tools)
    moves = [move for one in chunks for move in reader.feed(one)]
    return [*moves, *reader.finish()]


def words_of(moves: list[Move]) -> str:
    return "".join(move.text for move in moves if isinstance(move, Say | More))


def test_words_come_as_they_come() -> None:
    moves = read(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}, "stop"),
    )
    assert moves == [Say("Hel", None, growing=True), More("lo")]


def test_without_tools_words_are_final() -> None:
    assert read(chunk({"content": "Hi"}, "stop"), has_tools=False) == [
        Say("Hi", "final_answer", growing=True)
    ]


def test_parallel_calls_in_fragments() -> None:
    moves = read(
        chunk({"content": "One moment."}),
        chunk(fragment(0, "", "c1", "lookup")),
        chunk(fragment(0, '{"id": ')),
        chunk(fragment(0, '"A1"}')),
        chunk(fragment(1, "", "c2", "cancel")),
        chunk(fragment(1, "{}"), "tool_calls"),
    )
    assert moves[1:] == [Call("lookup", {"id": "A1"}), Call("cancel", {})]


def test_whole_calls_that_all_have_index_0_are_told_apart_by_their_ids() -> None:
    moves = read(
        chunk(fragment(0, '{"id": 1}', "c1", "a")), chunk(fragment(0, '{"id": 2}', "c2", "a"), "tool_calls")
    )
    assert moves == [Call("a", {"id": 1}), Call("a", {"id": 2})]


def test_whole_calls_without_an_index() -> None:
    moves = read(chunk(fragment(None, "", "c1", "a")), chunk(fragment(None, "", "c2", "b"), "stop"))
    assert moves == [Call("a", {}), Call("b", {})]


def test_arguments_as_an_object() -> None:
    delta = {"tool_calls": [{"function": {"name": "a", "arguments": {"x": 1}}}]}
    assert read(chunk(delta, "stop")) == [Call("a", {"x": 1})]


def test_an_answer_that_is_not_streamed() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hi"}], "tool_calls": []}
    assert words_of(read({"choices": [{"message": message, "finish_reason": "stop"}]})) == "Hi"


def test_thoughts_are_left_out() -> None:
    moves = read(
        chunk({"reasoning_content": "hm"}),
        chunk({"content": "<thi"}),
        chunk({"content": "nk>secret</th"}),
        chunk({"content": "ink>\n\n"}),
        chunk({"content": "Hello <b>"}, "stop"),
    )
    assert words_of(moves) == "Hello <b>"


def test_what_only_looks_like_a_thought_is_said() -> None:
    assert words_of(read(chunk({"content": "<"}, "stop"))) == "<"
    assert words_of(read(chunk({"content": "<t"}), chunk({"content": "able>"}, "stop"))) == "<table>"


def test_usage_is_passed_on() -> None:
    counted = {"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
    assert read(chunk({"content": "Hi"}, "stop"), counted)[-1] == Spent(12, 3)


@pytest.mark.parametrize(
    ("reason", "cut"), [("length", Cut("max_output_tokens")), ("content_filter", Cut("content_filter"))]
)
def test_a_cut_answer_is_marked(reason: str, cut: Cut) -> None:
    moves = read(chunk({"content": "To be"}), chunk(fragment(0, '{"a', "c", "f"), reason))
    assert moves == [Say("To be", None, growing=True), cut]  # half a call is none


@pytest.mark.parametrize(
    ("chunks", "code"),
    [
        ([chunk({"content": "Half a"})], "connection_lost"),
        ([], "connection_lost"),
        ([[1]], "bad_answer"),
        ([{"error": {"message": "out of memory", "code": "oom"}}], "oom"),
        ([{"error": "out of memory"}], "server_error"),
        ([chunk({"tool_calls": ["x"]})], "bad_answer"),
        ([chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}, "stop")], "bad_answer"),
        ([chunk(fragment(0, '{"a": ', "c", "f"), "tool_calls")], "invalid_tool_arguments"),
        ([chunk(fragment(0, "[1]", "c", "f"), "tool_calls")], "invalid_tool_arguments"),
        ([{"choices": [{"delta": "x"}]}], "bad_answer"),
    ],
)
def test_streams_without_sense_fail(chunks: list[Any], code: str) -> None:
    with pytest.raises(RemoteFailed) as failed:
        read(*chunks)
    assert failed.value.code == code


STREAM = (
    'data: {"a": "ü"}\n\n: comment\nevent: x\ndata: one\ndata: two\r\n\r\ndata:[DONE]\r\rdata: left'.encode()
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_events_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    parser = SseParser()
    places = [0, *sorted(cuts), len(STREAM)]
    events = [data for a, b in itertools.pairwise(places) for data in parser.feed(STREAM[a:b])]
    assert events == ['{"a": "ü"}', "one\ntwo", "[DONE]"]


def test_line_ends_of_unicode_do_not_end_a_line() -> None:
    assert SseParser().feed("data: a\u2028b\x0cc\n\n".encode()) == ["a\u2028b\x0cc"]


def test_an_event_without_an_end_is_refused() -> None:
    with pytest.raises(SseTooLong):
        SseParser().feed(b"data: " + b"x" * (LONGEST_CHARS + 1))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("<think/>{}", max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["text", "x"]), inner),
    max_leaves=4,
)


def maybe(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects that have some of these members, or any JSON."""
    return st.fixed_dictionaries({}, optional={name: value | JSON for name, value in members.items()}) | JSON


FRAGMENT = maybe(index=st.integers(0, 1), id=JSON, function=maybe(name=JSON, arguments=JSON))
DELTA = maybe(content=JSON, tool_calls=st.lists(FRAGMENT, max_size=3))
USAGE = maybe(prompt_tokens=JSON, completion_tokens=JSON)
CHUNK = maybe(
    choices=st.lists(maybe(delta=DELTA, message=DELTA, finish_reason=JSON), max_size=1),
    usage=USAGE,
    error=JSON,
)


@given(st.lists(CHUNK, max_size=4))
def test_nothing_that_a_server_sends_raises_anything_else(chunks: list[Any]) -> None:
    with contextlib.suppress(RemoteFailed):
        read(*chunks)
