from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from agentrun.channels.browser.outbox import Outbox


def drain(outbox: Outbox) -> list[object]:
    taken: list[object] = []
    while (message := outbox.pop()) is not None:
        taken.append(json.loads(message) if isinstance(message, str) else message)
    return taken


def announce(item_id: str) -> dict[str, str]:
    return {"type": "audio", "item_id": item_id}


def test_each_run_of_an_item_is_announced_once() -> None:
    outbox = Outbox(1000)
    outbox.put_audio("a", b"11")
    outbox.put_audio("a", b"22")
    outbox.put_message({"type": "timing"})
    outbox.put_audio("a", b"33")
    outbox.put_audio("b", b"44")
    assert drain(outbox) == [announce("a"), b"11", b"22", {"type": "timing"}, b"33", announce("b"), b"44"]


def test_clear_takes_audio_only_and_announces_again() -> None:
    outbox = Outbox(1000)
    outbox.put_audio("a", b"11")
    outbox.put_message({"type": "transcript"})
    outbox.clear_audio()
    outbox.put_audio("a", b"22")
    assert drain(outbox) == [{"type": "transcript"}, announce("a"), b"22"]


def test_full_counts_what_waits() -> None:
    outbox = Outbox(100)
    outbox.put_audio("a", bytes(90))
    before = outbox.full
    outbox.pop()
    outbox.pop()
    assert (before, outbox.full, len(outbox)) == (True, False, 0)


steps = st.one_of(
    st.tuples(st.just("audio"), st.sampled_from("ab")),
    st.tuples(st.just("message"), st.just("")),
    st.tuples(st.just("clear"), st.just("")),
    st.tuples(st.just("pop"), st.just("")),
)


@given(st.lists(steps))
def test_a_page_always_knows_which_item_it_plays(script: list[tuple[str, str]]) -> None:
    outbox, page_item, told, seen = Outbox(10_000), "", 0, 0
    for number, (step, item_id) in enumerate([*script, *[("pop", "")] * 2 * len(script)]):
        match step:
            case "audio":
                outbox.put_audio(item_id, f"{item_id}{number}".encode())
            case "message":
                outbox.put_message({"type": "x"})
                told += 1
            case "clear":
                outbox.clear_audio()
            case _:
                taken = outbox.pop()
                if isinstance(taken, bytes):
                    assert taken.decode()[0] == page_item
                elif taken is not None:
                    message = json.loads(taken)
                    page_item = message.get("item_id", page_item)
                    seen += message["type"] == "x"
    assert (outbox.pop(), told) == (None, seen)
