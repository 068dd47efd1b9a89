"""Messages that grow while they are written or spoken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.effects import Produced, ProducedEnd, Speak, Spoken, SpokenEnd
from agentrun.engine.seams import Call, Cut, Failure, More, Move, Say, Spent
from agentrun.engine.sentences import LONGEST_CHARS, find_sentence_end
from tests.engine.kit import Session, last, names


def grow(*texts: str) -> list[Move]:
    first, *rest = texts
    return [Say(first, None, growing=True), *(More(text) for text in rest)]


def texts_of(session: Session) -> list[str]:
    return [speak.text for speak in session.spoken]


def begin(**options: Any) -> tuple[Session, str]:
    """Return a session whose mind answers when the test does."""
    from agentrun.engine.effects import Generate

    session = Session(hold=(Generate, Speak), **options)
    response_id = last(session.send("response.create"), "response.created")["response"]["id"]
    return session, response_id


def speak_one(session: Session) -> str:
    """Let the voice say what it was last asked to say; return it."""
    order = session.held.pop()
    assert isinstance(order, Speak)
    session.put(Spoken(order.response_id, order.item_id, b"\1\0" * 2400, len(order.text)))
    session.put(SpokenEnd(order.response_id, order.item_id))
    return order.text


def test_a_written_message_grows_within_one_item() -> None:
    session = Session([grow("Hel", "lo ", "there.")], text=True)
    events = session.send("response.create")
    assert "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta") == "Hello there."
    output = last(events, "response.done")["response"]["output"]
    assert [part["text"] for item in output for part in item["content"]] == ["Hello there."]
    assert "phase" not in output[0]


def test_words_are_sent_before_the_message_ends() -> None:
    session, response_id = begin(text=True)
    session.put(Produced(response_id, Say("One ", None, growing=True)))
    assert [e["delta"] for e in session.put(Produced(response_id, More("two ")))] == ["two "]
    assert "response.done" not in names(session.events)


def test_each_sentence_is_spoken_as_soon_as_it_is_finished() -> None:
    session, response_id = begin()
    session.put(Produced(response_id, Say("Good day. How ", None, growing=True)))
    assert speak_one(session) == "Good day. "
    session.put(Produced(response_id, More("are you? And")))
    assert speak_one(session) == "How are you? "
    assert session.held[1:] == []
    session.put(ProducedEnd(response_id))
    assert speak_one(session) == "And"
    done = last(session.events, "response.done")["response"]
    assert (done["status"], len(done["output"])) == ("completed", 1)
    assert done["output"][0]["content"][0]["transcript"] == "Good day. How are you? And"


def test_a_call_ends_the_message_before_it() -> None:
    session = Session([[*grow("Let me ", "look"), Call("lookup", {})]])
    output = last(session.send("response.create"), "response.done")["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call"]
    assert texts_of(session) == ["Let me look"]


def test_words_after_a_call_are_a_message_of_their_own() -> None:
    session = Session([[*grow("Before."), Call("lookup", {}), More("After."), More(" End.")]], text=True)
    output = last(session.send("response.create"), "response.done")["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "message"]
    assert output[2]["content"][0]["text"] == "After. End."


def test_what_was_heard_counts_over_all_sentences() -> None:
    session, response_id = begin()
    session.put(Produced(response_id, Say("One two. Three four. Five", None, growing=True)))
    speak_one(session)
    speak_one(session)
    item_id = last(session.events, "response.output_item.added")["item"]["id"]
    session.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=200)
    session.hold = ()
    session.put(ProducedEnd(response_id))
    session.send("response.create")
    assert session.prompts[-1].items[-1]["content"][0]["transcript"] == "One two. Three four."


@pytest.mark.parametrize("modality", ["text", "audio"])
def test_the_output_limit_cuts_a_growing_message(modality: str) -> None:
    session = Session([grow(*["word word word. "] * 20)])
    limits = {"max_output_tokens": 12, "output_modalities": [modality]}
    done = last(session.send("response.create", response=limits), "response.done")["response"]
    assert done["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert done["output"][0]["status"] == "incomplete"


def test_a_failure_in_mid_message_closes_what_is_open() -> None:
    session, response_id = begin()
    session.put(Produced(response_id, Say("Half a", None, growing=True)))
    session.put(ProducedEnd(response_id, Failure("gone", "server_gone")))
    done = last(session.events, "response.done")["response"]
    assert done["status_details"]["error"] == {
        "type": "server_error",
        "code": "server_gone",
        "message": "gone",
    }
    assert done["output"][0]["status"] == "incomplete"


def test_counts_of_a_remote_mind_stand_in_the_usage() -> None:
    session = Session([[*grow("Yes."), Spent(1234, 56)]], text=True)
    usage = last(session.send("response.create"), "response.done")["response"]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (1234, 56, 1290)


def test_a_mind_that_was_cut_short_makes_the_response_incomplete() -> None:
    session = Session([[*grow("To be, or"), Cut("content_filter")]])
    done = last(session.send("response.create"), "response.done")["response"]
    assert done["status_details"] == {"type": "incomplete", "reason": "content_filter"}
    assert done["output"][0]["status"] == "incomplete"
    assert done["output"][0]["content"][0]["transcript"] == "To be, or"


def test_the_mind_knows_the_output_limit() -> None:
    session = Session([[], []])
    session.send("response.create", response={"max_output_tokens": 77})
    session.send("response.create")
    assert [prompt.max_output_tokens for prompt in session.prompts] == [77, None]


@given(st.lists(st.text("ab .!?\n가。", max_size=8), max_size=12), st.booleans())
def test_growing_says_the_same_as_all_at_once(parts: list[str], called: bool) -> None:
    whole = "".join(parts)
    tail: list[Move] = [Call("lookup", {})] if called else []
    for text in (True, False):
        session = Session([[*grow("", *parts), *tail]], text=text)
        done = last(session.send("response.create"), "response.done")["response"]
        [part] = done["output"][0]["content"]
        assert part["text" if text else "transcript"] == whole
        assert done["status"] == "completed"
        assert "".join(texts_of(session)).strip() == ("" if text else whole.strip())


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hello there. How", "Hello there. "),
        ("It costs 3.14 euros", None),
        ("It costs 3.", None),
        ("Dr. Smith is in. Come", "Dr. Smith is in. "),
        ("1. Open the lid. 2. Wait", "1. Open the lid. "),
        ("안녕하세요. 무엇을", "안녕하세요. "),
        ("你好。再见", "你好。"),
        ('He said "no." Then', 'He said "no." '),
        ("A line\nand another", "A line\n"),
    ],
)
def test_sentences_end_where_a_voice_may_pause(text: str, first: str | None) -> None:
    end = find_sentence_end(text, 0)
    assert (None if end is None else text[:end]) == first


@given(st.text(), st.integers(0, 20))
def test_a_sentence_is_never_empty_nor_without_bound(text: str, start: int) -> None:
    end = find_sentence_end(text, start)
    if end is None:
        assert len(text) - start <= LONGEST_CHARS
    else:
        assert start < end <= len(text)
