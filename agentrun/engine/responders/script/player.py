"""The mind that does what a script file says: deterministic, and each session begins at its first step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from agentrun.engine.responders.script.format import Fail, Reply, Script, Stall, Wait, When
from agentrun.engine.seams import Call, MindFailed, Move, Prompt, Responder, Say
from agentrun.wire.json import JsonObject


class ScriptPlayer:
    """Begins a script for every session; see `SessionMind`.

    Args:
        script: what is done.
        obedient: answers single responses with instructions of their own, if the script leaves them to it.

    """

    def __init__(self, script: Script, obedient: Responder | None = None) -> None:
        self._script = script
        self._obedient = obedient

    def begin(self) -> Responder:
        """Return the mind of one session, at the first step."""
        return _SessionPlayer(self._script, self._obedient)


class _SessionPlayer:
    def __init__(self, script: Script, obedient: Responder | None) -> None:
        self._script = script
        self._obedient = obedient
        self._next = 0

    def respond(self, prompt: Prompt) -> AsyncIterator[Move] | Sequence[Move]:
        """Return what the script says; at once where it neither waits nor fails."""
        if prompt.instructed and self._script.obeys and self._obedient is not None:
            return self._obedient.respond(prompt)
        reply = self._choose(prompt)
        moves = [action for action in reply if isinstance(action, Say | Call)]
        return moves if len(moves) == len(reply) else _play(reply)

    def _choose(self, prompt: Prompt) -> Reply:
        for answer in self._script.answers:
            if fits(answer.when, prompt.items):
                return answer.reply
        steps = self._script.steps
        if self._next == len(steps) and self._script.repeat:
            self._next = 0
        if self._next == len(steps):
            return self._script.otherwise
        self._next += 1
        return steps[self._next - 1]


async def _play(reply: Reply) -> AsyncIterator[Move]:
    for action in reply:
        match action:
            case Wait():
                await asyncio.sleep(action.ms / 1000)
            case Stall():
                await asyncio.Event().wait()
            case Fail():
                raise MindFailed(action.failure)
            case _:
                yield action


def fits(when: When, items: Sequence[JsonObject]) -> bool:
    """Tell whether what happened last in the conversation is what an answer waits for."""
    last = items[-1] if items else None
    if last is None:
        return False
    if when.after is not None:
        return last["type"] == "function_call_output" and _find_name(last["call_id"], items) == when.after
    if last["type"] != "message" or last["role"] != "user" or when.words is None:
        return False
    return when.words.search(_read_words(last)) is not None


def _find_name(call_id: str, items: Sequence[JsonObject]) -> str | None:
    calls = (item for item in items if item["type"] == "function_call" and item["call_id"] == call_id)
    call = next(calls, None)
    return None if call is None else str(call["name"])


def _read_words(item: JsonObject) -> str:
    texts = (part.get("text") or part.get("transcript") or "" for part in item["content"])
    return " ".join(text for text in texts if text)
