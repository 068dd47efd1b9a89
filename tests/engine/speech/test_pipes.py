from __future__ import annotations

import io
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.speech.pipes import Message, WorkerSide, pack_message, read_message

HEADERS = st.dictionaries(st.text(), st.integers() | st.text() | st.booleans())


@given(HEADERS, st.binary())
def test_a_frame_comes_back(header: dict[str, object], body: bytes) -> None:
    message = Message(header, body)
    assert read_message(io.BytesIO(pack_message(message))) == message


@given(st.integers(0, 20))
def test_a_cut_frame_is_the_end(size: int) -> None:
    assert read_message(io.BytesIO(pack_message(Message({"a": 1}, b"12345"))[:size])) is None


def serve(*requests: dict[str, object]) -> list[Message]:
    source = io.BytesIO(b"".join(pack_message(Message(request)) for request in requests))
    target = io.BytesIO()

    def answer(request: Message, number: int) -> Iterator[Message]:
        if request.header["op"] == "fail":
            raise ValueError("no such thing")
        yield Message({"echo": request.header["op"]}, b"!")

    WorkerSide(source, target).serve(answer)
    target.seek(0)
    return list(iter(lambda: read_message(target), None))


def test_every_request_has_exactly_one_final_reply() -> None:
    replies = serve({"number": 1, "op": "a"}, {"number": 2, "op": "fail"}, {"number": 3, "op": "b"})
    assert [reply.header["number"] for reply in replies if reply.header["final"]] == [1, 2, 3]


def test_an_error_is_an_answer_and_the_next_request_is_served() -> None:
    first, second, _ = serve({"number": 1, "op": "fail"}, {"number": 2, "op": "a"})
    assert first.header["error"] == "ValueError: no such thing"
    assert second == Message({"echo": "a", "number": 2, "final": False}, b"!")
