"""What holds for any conversation with any of the tool sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.responders.rehearsal.choice import rank_tools
from agentrun.engine.responders.rehearsal.confirming import needs_confirmation
from agentrun.engine.responders.rehearsal.extracting import read_yes_no
from agentrun.engine.responders.rehearsal.filling import read_slots
from agentrun.engine.responders.rehearsal.slots import read_tools
from agentrun.engine.responders.rehearsal.wishes import split_wishes
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.wire.json import JsonObject
from tests.engine.responders.rehearsal.desk import NOW, message
from tests.engine.responders.rehearsal.notation import Script, Stage, Turn, parse_scripts
from tests.engine.responders.rehearsal.toolsets import TOOLSETS

_FOLDER = Path(__file__).parent / "dialogues"
_LINES = sorted(
    {
        turn.said
        for path in _FOLDER.glob("*.txt")
        for script in parse_scripts(path.read_text("utf-8"))
        for turn in script.turns
    }
)
_WORDS = sorted({word for line in _LINES for word in line.split()})
_SAID = st.sampled_from(_LINES) | st.lists(st.sampled_from(_WORDS), min_size=1, max_size=9).map(" ".join)
_TURNS = st.lists(st.builds(Turn, _SAID, st.booleans()), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(TOOLSETS)), _TURNS, st.booleans(), st.sampled_from([None, "en", "ko", "de"]))
def test_arguments_fit_their_schemas_and_weighty_calls_were_agreed_to(
    name: str, turns: list[Turn], parallel: bool, language: str | None
) -> None:
    stage = Stage(Script("", name, "", language, parallel), RehearsalResponder())
    schemas = {tool["name"]: tool["parameters"] for tool in TOOLSETS[name]}
    weighty = {tool.name for tool in read_tools(TOOLSETS[name]) if needs_confirmation(tool, "")}
    for turn in turns:
        calls, words = stage.play(turn)
        assert calls or words
        for called, arguments in calls:
            jsonschema.validate(arguments, schemas[called], format_checker=jsonschema.FormatChecker())
            assert called not in weighty or _says_yes_somewhere(turn.said)


def _says_yes_somewhere(said: str) -> bool:
    """Whether a text is a yes, or begins with one before another wish."""
    return any(read_yes_no(said[: index + 1]) for index in range(len(said)))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(TOOLSETS)), _TURNS)
def test_an_unsure_identifier_is_not_used_unasked(name: str, turns: list[Turn]) -> None:
    """One unsure utterance alone never leads to a call that carries an identifier or a name."""
    kinds = {tool.name: {slot.name: slot.kind for slot in tool.slots} for tool in read_tools(TOOLSETS[name])}
    stage = Stage(Script("", name), RehearsalResponder())
    calls, _ = stage.play(Turn(turns[0].said, unsure=True))
    for called, arguments in calls:
        assert not {"code", "email", "phone", "name", "account", "date"} & {
            kinds[called][k] for k in arguments
        }


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(TOOLSETS)), _TURNS)
def test_the_same_prompt_gets_the_same_answer(name: str, turns: list[Turn]) -> None:
    first, second = (Stage(Script("", name), RehearsalResponder()) for _ in range(2))
    assert [first.play(turn) for turn in turns] == [second.play(turn) for turn in turns]


PENDING: JsonObject = {
    "type": "function_call", "call_id": "c1", "name": "lookup_order", "arguments": '{"order_id": "A1001"}'
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "calls", "part"),
    [
        ("are you still there?", [], "still waiting"),
        ("where is my order A1001?", [], "still waiting"),
        ("what did you say?", [], "still waiting"),
        ("hello?", [], "still waiting"),
        ("and where is A1002?", [Call("lookup_order", {"order_id": "A1002"})], ""),
        ("cancel A1002 please", [], "cancel order A1002"),
    ],
)
def test_while_a_call_is_pending(said: str, calls: list[Call], part: str) -> None:
    moves = respond(message("user", "where is A1001"), PENDING, message("user", said))
    assert [move for move in moves if isinstance(move, Call)] == calls
    assert part in " ".join(move.text for move in moves if isinstance(move, Say))


def respond(*items: JsonObject) -> Sequence[Move]:
    return RehearsalResponder().respond(Prompt("", False, TOOLSETS["shop"], "auto", items, NOW))


@pytest.mark.parametrize(
    ("said", "made"), [("hello?", True), ("wait", False), ("never mind", False), ("hmm", False)]
)
def test_a_call_that_was_cut_off_is_made_after_a_greeting_but_not_after_a_halt(said: str, made: bool) -> None:
    moves = respond(message("user", "where is A1001"), message("user", said))
    assert any(isinstance(move, Call) for move in moves) == made


def test_a_note_at_the_end_of_the_conversation_is_an_order() -> None:
    part = {"type": "input_text", "text": "Say exactly: Ahoy"}
    note = {"type": "message", "role": "system", "content": [part]}
    assert respond(message("user", "where is A1001"), note) == (Say("Ahoy"),)


def test_what_was_understood_once_is_not_worked_out_again() -> None:
    """With fifty tools and two hundred turns, an answer costs no more than its newest words."""
    tools = list({tool["name"]: tool for name in sorted(TOOLSETS) for tool in TOOLSETS[name]}.values())
    items = [message("user", _LINES[index % len(_LINES)]) for index in range(200)]
    prompt = Prompt("", False, tools, "auto", items, NOW)
    assert RehearsalResponder().respond(prompt)
    done = rank_tools.cache_info().misses, read_slots.cache_info().misses
    assert RehearsalResponder().respond(prompt)
    assert (rank_tools.cache_info().misses, read_slots.cache_info().misses) == done


def test_a_story_is_no_list_of_wishes() -> None:
    tools = read_tools(TOOLSETS["shop"])
    assert len(split_wishes("where is A1001 and cancel A1002", tools, NOW)) == 2
    assert len(split_wishes("where is A1001 and cancel A1002 " * 50, tools, NOW)) == 1
