from __future__ import annotations

import itertools

import hypothesis.strategies as st
from hypothesis import given

from agentrun.tools.mcp.lines import LineSplitter, TooLong

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=8)


@given(LINES, st.lists(st.integers(0, 200), max_size=8), st.integers(1, 20))
def test_any_slicing_gives_the_same_lines(lines: list[bytes], cuts: list[int], bound: int) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    splitter = LineSplitter(bound)
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    found = [line for piece in pieces for line in splitter.feed(piece)]
    assert len(found) == len(lines)
    for line, whole in zip(found, lines, strict=True):
        if len(whole) <= bound:
            assert line == whole
        else:
            assert isinstance(line, TooLong)
            assert whole.startswith(line.head)


def test_a_line_that_is_thrown_away_says_what_it_answers() -> None:
    assert TooLong(b'{"jsonrpc":"2.0","id":7,"result":{').answers == 7
    assert TooLong(b'{"id": "seven", "result":').answers == "seven"
    assert TooLong(b"xxxx").answers is None


def test_nothing_is_kept_of_a_line_without_end() -> None:
    splitter = LineSplitter(10)
    for _ in range(100):
        assert splitter.feed(b"x" * 8) == []
    assert sum(map(len, splitter._parts)) == 0
    assert splitter.feed(b"\nshort\n") == [TooLong(b"x" * 16), b"short"]
