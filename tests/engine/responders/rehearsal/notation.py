"""Conversations in writing, for tests and for the page of the grammar.

Each line begins with a sign; a heading (`# …`) begins a conversation anew::

    # a title
    tools: bank                 the tool set of `toolsets.py`
    instructions: …             may be left out; further lines are joined
    language: ko                of the session, if it names one
    one call at a time          the client does not want parallel calls
    > Where is A1001?           the caller
    >? Where is A1001?          the caller, heard unsurely
    = tool {"key": "value"}     a call that must follow; all calls are listed
    ! {"status": "sent"}        what the calls above return, instead of {"status": "done"}
    < It is sent.               the agent's words, all of them
    ~ sent                      part of the agent's words
    ^ sent                      no part of the agent's words
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentrun.engine.seams import Call, Move, Prompt, Responder, Say
from agentrun.wire.json import JsonObject, JsonValue
from tests.engine.responders.rehearsal.desk import NOW, message
from tests.engine.responders.rehearsal.toolsets import TOOLSETS


@dataclass(slots=True)
class Turn:
    """What one utterance has to lead to."""

    said: str
    unsure: bool = False
    calls: list[tuple[str, JsonObject]] = field(default_factory=list)
    results: list[JsonValue] = field(default_factory=list)
    words: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Script:
    """One conversation."""

    title: str
    tools: str = ""
    instructions: str = ""
    language: str | None = None
    parallel: bool = True
    turns: list[Turn] = field(default_factory=list)


def parse_scripts(text: str) -> Iterator[Script]:
    """Yield the conversations of a text."""
    script: Script | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if line.startswith("# "):
            if script is not None:
                yield script
            script = Script(line[2:].strip())
        else:
            assert script is not None, f"line {number} stands before a title"
            _add_line(script, line.strip(), number)
    if script is not None:
        yield script


def _add_line(script: Script, line: str, number: int) -> None:
    sign, _, rest = line.partition(" ")
    rest = rest.strip()
    match sign:
        case "tools:":
            script.tools = rest
        case "instructions:":
            script.instructions = f"{script.instructions}\n{rest}".strip()
        case "language:":
            script.language = rest
        case "one":
            script.parallel = False
        case ">" | ">?":
            script.turns.append(Turn(rest, unsure=sign == ">?"))
        case "=":
            name, _, arguments = rest.partition(" ")
            script.turns[-1].calls.append((name, json.loads(arguments or "{}")))
        case "!":
            script.turns[-1].results.append(json.loads(rest))
        case "<" | "~" | "^":
            script.turns[-1].words.append((sign, rest))
        case _:
            raise ValueError(f"line {number} has no known sign: {line}")


class Stage:
    """Plays one conversation as a client would."""

    def __init__(self, script: Script, mind: Responder) -> None:
        self.script, self.mind = script, mind
        self.tools = TOOLSETS[script.tools] if script.tools else []
        self.items: list[JsonObject] = []
        self.unsure: set[str] = set()

    def play(self, turn: Turn) -> tuple[list[tuple[str, JsonObject]], str]:
        """Let the caller say something; return all calls, and the words until the floor is the caller's."""
        said = message("user", turn.said) | {"id": f"item_{len(self.items)}"}
        self.items.append(said)
        if turn.unsure:
            self.unsure.add(said["id"])
        calls: list[tuple[str, JsonObject]] = []
        words: list[str] = []
        for _ in range(6):
            moves = self._respond()
            made = [move for move in moves if isinstance(move, Call)]
            self.items += [message("assistant", move.text) for move in moves if isinstance(move, Say)]
            words += [move.text for move in moves if isinstance(move, Say)]
            for move in made:
                self._deliver(move, turn, len(calls))
                calls.append((move.name, move.arguments))
            if not made:
                break
        return calls, " ".join(words)

    def _respond(self) -> list[Move]:
        script = self.script
        prompt = Prompt(
            script.instructions, False, self.tools, "auto", tuple(self.items), NOW, script.parallel,
            script.language, frozenset(self.unsure),
        )  # fmt: skip
        moves = self.mind.respond(prompt)
        assert isinstance(moves, list | tuple)
        return list(moves)

    def _deliver(self, call: Call, turn: Turn, index: int) -> None:
        call_id = f"call_{len(self.items)}"
        results = turn.results or [{"status": "done"}]
        result = results[min(index, len(results) - 1)]
        output = result if isinstance(result, dict) and "outcome" in result else {
            "outcome": "ok", "tool": call.name, "result": result
        }  # fmt: skip
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        self.items += [
            {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": arguments},
            {
                "type": "function_call_output",
                "call_id": call_id,
                "output": json.dumps(output, ensure_ascii=False),
            },
        ]
