"""The simulated caller: examples of manners, and properties over random calls."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.calls.phone import (
    KEYS,
    Answered,
    Command,
    Ended,
    HangUp,
    Happening,
    Keys,
    Patience,
    Phone,
    Press,
    Said,
    Sound,
    Step,
    Utter,
    Uttered,
    Wake,
    Words,
)
from agentrun.wire import ServerEvent, server
from agentrun.wire.json import JsonObject

PATIENCE = Patience(greeting_ms=2_000, answer_ms=15_000, settle_ms=800, key_ms=150, call_ms=600_000)


class Call:
    """A phone, its clock, and all that it has done."""

    def __init__(self, *script: Step, patience: Patience = PATIENCE) -> None:
        self.phone = Phone(script, patience)
        self.now_ms = 5_000
        self.done: list[tuple[int, Command]] = []
        self.tell(Answered())

    def tell(self, *events: Happening) -> list[Command]:
        commands = [command for event in events for command in self.phone.handle(event, self.now_ms)]
        self.done += [(self.now_ms, command) for command in commands]
        return commands

    def wait(self, duration_ms: int) -> list[Command]:
        """Let time pass as a shell does, which wakes the phone when it is due."""
        commands, end_ms = [], self.now_ms + duration_ms
        while (due_ms := self.phone.deadline_ms) is not None and due_ms <= end_ms:
            self.now_ms = max(self.now_ms, due_ms)
            commands += self.tell(Wake())
        self.now_ms = end_ms
        return commands


def begin(response: str) -> list[ServerEvent]:
    return [
        server.ResponseCreated({"id": response}),
        server.OutputAudioBufferStarted(response),
    ]


def say(response: str, text: str) -> ServerEvent:
    return server.ResponseOutputAudioTranscriptDone(response, f"item_{response}", 0, 0, text)


def done(response: str) -> ServerEvent:
    return server.ResponseDone({"id": response})


def stopped(response: str) -> ServerEvent:
    return server.OutputAudioBufferStopped(response)


def function_call(call_id: str) -> ServerEvent:
    item: JsonObject = {"type": "function_call", "status": "completed", "call_id": call_id}
    return server.ResponseOutputItemDone("r", 1, item)


def function_output(call_id: str) -> ServerEvent:
    return server.ConversationItemAdded(None, {"type": "function_call_output", "call_id": call_id})


def answer(call: Call, response: str, text: str) -> None:
    call.tell(*begin(response), say(response, text), done(response))
    call.tell(stopped(response))


def test_waits_for_the_greeting_and_for_the_end_of_it() -> None:
    call = Call(Words("Hello."))
    assert call.wait(1_500) == []
    call.tell(*begin("r1"), say("r1", "Welcome!"), done("r1"))
    assert call.wait(4_000) == []  # the sound still plays
    call.tell(stopped("r1"))
    assert call.wait(799) == []
    assert call.wait(1) == [Utter(Words("Hello."))]


def test_speaks_first_where_nobody_greets() -> None:
    call = Call(Words("Hello."))
    assert call.wait(1_999) == []
    assert call.wait(1) == [Utter(Words("Hello."))]
    assert call.wait(60_000) == []  # it is still speaking


def test_hangs_up_after_the_last_answer() -> None:
    call = Call(Words("One"), Words("Two"))
    assert call.wait(2_000) == [Utter(Words("One"))]
    call.tell(Uttered())
    assert call.wait(3_000) == []
    answer(call, "r1", "First.")
    assert call.wait(800) == [Utter(Words("Two"))]
    call.tell(Uttered())
    answer(call, "r2", "Second.")
    assert call.wait(800) == [HangUp()]
    assert call.phone.deadline_ms is None
    assert [(said.role, said.text) for said in call.phone.transcript] == [
        ("caller", "One"),
        ("agent", "First."),
        ("caller", "Two"),
        ("agent", "Second."),
    ]
    assert call.phone.transcript[1] == Said("agent", "First.", 5_000, "item_r1")


def test_one_moment_please_is_not_an_answer() -> None:
    call = Call(Words("Where is my order?"))
    call.wait(2_000)
    call.tell(
        Uttered(), *begin("r1"), say("r1", "One moment."), function_call("c1"), done("r1"), stopped("r1")
    )
    assert call.wait(9_000) == []
    call.tell(function_output("c1"))
    assert call.wait(500) == []
    answer(call, "r2", "It is on its way.")
    assert call.wait(800) == [HangUp()]


@pytest.mark.parametrize(
    "end", [server.ResponseMcpCallCompleted("m", 0), server.ResponseMcpCallFailed("m", 0)]
)
def test_waits_for_hosted_tools(end: ServerEvent) -> None:
    call = Call(Words("Hello."))
    call.wait(2_000)
    call.tell(Uttered(), server.ResponseMcpCallInProgress("m", 0))
    answer(call, "r1", "Let me see.")
    assert call.wait(5_000) == []
    call.tell(end)
    assert call.wait(800) == [HangUp()]


def test_goes_on_where_nobody_answers() -> None:
    call = Call(Words("One"), Words("Two"))
    call.wait(2_000)
    call.tell(Uttered())
    assert call.wait(14_999) == []
    assert call.wait(1) == [Utter(Words("Two"))]
    call.tell(Uttered(), *begin("r1"))
    assert call.wait(14_999) == []
    assert call.wait(1) == [HangUp()]  # busy, but nothing happens any more


def test_keys_come_one_by_one() -> None:
    call = Call(Keys("12#"), Words("Hello."))
    assert call.wait(2_000) == [Press("1")]
    assert call.wait(149) == []
    assert call.wait(1) == [Press("2")]
    assert call.wait(150) == [Press("#")]
    answer(call, "r1", "Thank you.")
    assert call.wait(800) == [Utter(Words("Hello."))]
    assert call.phone.transcript[0].text == "[keys 12#]"


def test_what_was_understood_and_what_was_cut() -> None:
    call = Call(Sound(bytes(32_000), 16_000))
    call.wait(2_000)
    call.tell(Uttered(), server.InputTranscriptionCompleted("i", 0, "Hello", {}))
    call.tell(server.InputTranscriptionCompleted("j", 0, "there.", {}))
    call.tell(say("r1", "A long story."), server.ConversationItemTruncated("item_r1", 0, 300))
    said, heard = call.phone.transcript
    assert (said.text, said.heard) == ("[a recording of 1.0 s]", "Hello there.")
    assert (heard.text, heard.cut) == ("A long story.", True)


def test_written_answers_count_too() -> None:
    call = Call(Words("Hello."))
    call.wait(2_000)
    call.tell(Uttered(), server.ResponseOutputTextDone("r", "i", 0, 0, "In writing."))
    assert call.wait(800) == [HangUp()]
    assert call.phone.transcript[-1].text == "In writing."


def test_no_call_lasts_for_ever() -> None:
    call = Call(Words("Hello."))
    call.wait(2_000)
    for number in range(1000):  # an agent that never stops
        call.tell(*begin(f"r{number}"))
        if HangUp() in call.wait(10_000):
            break
    assert call.done[-1] == (5_000 + 600_000, HangUp())


def test_nothing_is_done_after_the_end() -> None:
    call = Call(Words("Hello."))
    call.tell(Ended())
    assert call.wait(1_000_000) == []
    assert call.phone.deadline_ms is None


# Random calls

responses = st.sampled_from(["r1", "r2", "r3"])
events = st.one_of(
    responses.map(lambda it: server.ResponseCreated({"id": it})),
    responses.map(done),
    responses.map(server.OutputAudioBufferStarted),
    responses.map(stopped),
    responses.map(server.OutputAudioBufferCleared),
    responses.map(lambda it: say(it, "Words.")),
    responses.map(function_call),
    responses.map(function_output),
    st.just(server.InputAudioBufferSpeechStopped(0, "i")),
    st.just(Uttered()),
)
steps = st.one_of(
    st.builds(Words, st.text(min_size=1, max_size=5)),
    st.builds(Sound, st.binary(max_size=8), st.just(8_000)),
    st.builds(Keys, st.text(KEYS, min_size=1, max_size=4)),
)
moments = st.tuples(st.integers(0, 6_000), events)


def flatten(script: Iterable[Step]) -> list[Command]:
    """Return what a whole script makes a phone do."""
    commands: list[Command] = []
    for step in script:
        commands += [Press(key) for key in step.keys] if isinstance(step, Keys) else [Utter(step)]
    return [*commands, HangUp()]


@given(script=st.lists(steps, max_size=4), story=st.lists(moments, max_size=40))
def test_every_step_in_order_and_once(script: list[Step], story: list[tuple[int, ServerEvent]]) -> None:
    call = Call(*script)
    speaking = False
    for wait_ms, event in story:
        for command in call.wait(wait_ms):
            assert not (speaking and isinstance(command, Utter | Press))
            speaking = speaking or isinstance(command, Utter)
        if isinstance(event, Uttered):
            if not speaking:
                continue
            speaking = False
        call.tell(event)
    while call.phone.deadline_ms is not None:  # the end of the call comes by itself
        if any(isinstance(command, Utter) for command in call.wait(600_000 if speaking else 20_000)):
            speaking = True
        if speaking:
            speaking = False
            call.tell(Uttered())
    commands = [command for _, command in call.done]
    assert commands[-1] == HangUp()
    assert commands[:-1] == flatten(script)[: len(commands) - 1]
    if call.done[-1][0] < 5_000 + PATIENCE.call_ms:
        assert commands == flatten(script)


@given(script=st.lists(steps, min_size=1, max_size=4), story=st.lists(moments, max_size=40))
def test_a_busy_agent_is_not_interrupted(script: list[Step], story: list[tuple[int, ServerEvent]]) -> None:
    call = Call(*script)
    sounding: set[str] = set()
    last_ms = call.now_ms
    for wait_ms, event in story:
        call.wait(wait_ms)
        if sounding:
            acts = [at for at, command in call.done if isinstance(command, Utter) and at > last_ms]
            assert all(at >= last_ms + PATIENCE.answer_ms for at in acts)
        call.tell(event)
        if isinstance(event, server.OutputAudioBufferStarted):
            sounding.add(event.response_id)
        elif isinstance(event, server.OutputAudioBufferStopped | server.OutputAudioBufferCleared):
            sounding.discard(event.response_id)
        last_ms = call.now_ms


@given(story=st.lists(moments, max_size=40))
def test_waking_moves_on(story: list[tuple[int, ServerEvent]]) -> None:
    """A phone that is woken when it is due does something or is due later: no shell spins."""
    call = Call(Keys("1"), Words("a"))
    for wait_ms, event in story:
        due_ms = call.phone.deadline_ms
        if due_ms is not None:
            call.now_ms = max(call.now_ms, due_ms)
            assert call.tell(Wake())
        call.now_ms += wait_ms
        call.tell(event)
