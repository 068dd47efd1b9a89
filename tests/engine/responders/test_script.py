"""The mind that does what a file says."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.opening import ChoiceRefused, EngineChoice, open_engine
from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.responders.script import ScriptError, ScriptPlayer, load_script, parse_script
from agentrun.engine.seams import Call, Failure, MindFailed, Move, Prompt, Responder, Say
from agentrun.wire.json import JsonObject
from tests.engine.test_server import open_door, read_until

NOW = datetime.datetime(2026, 11, 21, 9, 0, tzinfo=datetime.UTC)


def user(text: str) -> JsonObject:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def begin(text: str) -> Responder:
    return ScriptPlayer(parse_script(text), RehearsalResponder()).begin()


def ask(mind: Responder, *items: JsonObject, instructions: str = "", instructed: bool = False) -> list[Move]:
    moves = mind.respond(Prompt(instructions, instructed, [], "auto", items, NOW))
    assert isinstance(moves, Sequence)
    return list(moves)


def test_steps_are_taken_in_order() -> None:
    mind = begin("""
        steps:
          - say: Hello.
          - - {say: One moment., phase: commentary}
            - {call: lookup, with: {id: A1}}
        otherwise: {say: That is all.}
    """)
    assert ask(mind) == [Say("Hello.")]
    assert ask(mind) == [Say("One moment.", "commentary"), Call("lookup", {"id": "A1"})]
    assert ask(mind) == ask(mind) == [Say("That is all.")]


def test_a_list_is_a_list_of_steps_and_json_is_yaml() -> None:
    mind = begin(json.dumps([{"say": "One."}, [], {"call": "f"}]))
    assert [ask(mind) for _ in range(4)] == [[Say("One.")], [], [Call("f", {})], []]


def test_each_session_begins_at_the_first_step_and_may_begin_again() -> None:
    player = ScriptPlayer(parse_script("{repeat: true, steps: [{say: a}, {say: b}]}"))
    first, second = player.begin(), player.begin()
    assert [ask(first), ask(first), ask(first)] == [[Say("a")], [Say("b")], [Say("a")]]
    assert ask(second) == [Say("a")]


ANSWERS = """
answers:
  - {when: cancel it, reply: {call: cancel}}
  - {when: {equals: "yes"}, reply: {say: Fine.}}
  - {when: {matches: "\\\\bA\\\\d+"}, reply: {call: lookup}}
  - {when: {after: cancel}, reply: {say: Cancelled.}}
steps: [{say: first}]
"""


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([user("Please CANCEL IT now")], Call("cancel", {})),
        ([user(" yes ")], Say("Fine.")),
        ([user("yes please")], Say("first")),
        ([user("where is A17?")], Call("lookup", {})),
        ([user("cancel it"), {"type": "message", "role": "assistant", "content": []}], Say("first")),
        (
            [
                {"type": "function_call", "call_id": "c", "name": "cancel", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "ok"},
            ],
            Say("Cancelled."),
        ),
        ([{"type": "function_call_output", "call_id": "c", "output": "ok"}], Say("first")),
        ([], Say("first")),
    ],
)
def test_answers_fit_what_happened_last(items: list[JsonObject], expected: Move) -> None:
    assert ask(begin(ANSWERS), *items) == [expected]


def test_spoken_words_count_as_written_ones() -> None:
    spoken = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_audio", "transcript": "cancel it"}],
    }
    assert ask(begin(ANSWERS), spoken) == [Call("cancel", {})]


def test_instructions_of_a_response_can_be_obeyed_without_taking_a_step() -> None:
    mind = begin("{obey_instructions: true, steps: [{say: first}]}")
    order = 'Say exactly: "One moment."'
    assert ask(mind, instructions=order, instructed=True) == [Say("One moment.")]
    assert ask(mind) == [Say("first")]
    assert ask(begin("[{say: first}]"), instructions=order, instructed=True) == [Say("first")]


@pytest.mark.parametrize(
    ("written", "failure"),
    [
        ("quota", Failure("The script says that this response fails.", "quota")),
        ("{code: c, message: m, type: t}", Failure("m", "c", "t")),
        ("true", Failure("The script says that this response fails.")),
    ],
)
async def test_a_response_can_wait_and_fail(written: str, failure: Failure) -> None:
    moves: Any = begin(f"[[{{say: Half}}, {{wait: 1ms}}, {{fail: {written}}}]]").respond(
        Prompt("", False, [], "auto", [], NOW)
    )
    assert await anext(moves) == Say("Half")
    with pytest.raises(MindFailed) as failed:
        await anext(moves)
    assert failed.value.failure == failure


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("steps: [say: {}]", "steps[0].say: expected a text, found a mapping"),
        ("steps: [{sai: x}]", "steps[0]: `sai` is not one of"),
        ("[[{say: x, call: y}]]", "steps[0][0]: expected exactly one of"),
        ("[{say: x, with: {}}]", "steps[0]: `with` does not go with `say`"),
        ("[{call: x, with: [1]}]", "steps[0].with: expected a mapping"),
        ("[{wait: soon}]", "steps[0].wait: expected a duration such as 500ms or 2s, found `soon`"),
        ("[{say: x, phase: loud}]", "steps[0].phase: expected one of"),
        ("answers: [{when: x}]", "answers[0]: `when` and `reply` are both needed"),
        ("answers: [{when: {matches: '('}, reply: {say: x}}]", "answers[0].when.matches: not a regular"),
        ("answers: [{when: {}, reply: {say: x}}]", "answers[0].when: expected exactly one of"),
        ("repeat: 1", "repeat: expected true or false"),
        ("version: 2", "version: this agentrun reads version 1"),
        ("just words", "the script: expected a mapping with"),
        ("steps: [", "not YAML"),
        ("[" * 1200, "not YAML"),
        ("a: 2026-99-99", "not YAML"),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, problem: str) -> None:
    with pytest.raises(ScriptError) as wrong:
        parse_script(text)
    assert problem in str(wrong.value)


@given(st.text("steps:[]{} say\n-&*!|>'\"0", max_size=60))
def test_any_text_is_a_script_or_a_mistake(text: str) -> None:
    with contextlib.suppress(ScriptError):
        parse_script(text)


def test_a_file_is_named_in_its_mistakes(tmp_path: Path) -> None:
    file = tmp_path / "desk.yaml"
    with pytest.raises(ScriptError, match=r"desk\.yaml: No such file"):
        load_script(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScriptError, match=r"desk\.yaml: it is not UTF-8"):
        load_script(file)
    file.write_text("[{say: 1}]")
    with pytest.raises(ScriptError, match=r"desk\.yaml: steps\[0\]\.say: expected a text"):
        load_script(file)


async def test_every_session_of_an_engine_has_its_own_place(tmp_path: Path) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text("[{say: One.}, [{say: Two.}, {stall: true}], {fail: quota}]")
    async with (
        open_engine(EngineChoice("script", script=file)) as (parts, _),
        open_door(parts.responder) as door,
        door.call() as one,
        door.call() as two,
    ):
        for connection in (one, two):
            await connection.response.create()
            done = (await read_until(connection, "response.done"))[-1].response
            assert done.output[0].content[0].transcript == "One."
        await one.response.create()
        await read_until(one, "response.output_audio.delta")
        await one.response.cancel()
        assert (await read_until(one, "response.done"))[-1].response.status == "cancelled"
        await one.response.create()
        done = (await read_until(one, "response.done"))[-1].response
        assert (done.status, done.status_details.error.code) == ("failed", "quota")


@pytest.mark.parametrize("name", ["chat", "script"])
async def test_a_mind_that_lacks_something_says_so_at_once(name: str) -> None:
    with pytest.raises(ChoiceRefused, match="needs"):
        async with open_engine(name):
            pass
