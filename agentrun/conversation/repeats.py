"""Writes that have run on this call: the same one never runs twice.

A model asks again: after an interruption, when it lost the thread, twice in one breath. Its `call_id` is new
each time, so what makes two asks the same is the tool with the arguments that `key` names, or with all of
them where the file names none. While the first still runs, the second waits for the same outcome; afterwards
it is told what came of the first. A write that has failed, or was stopped before it could do anything, may
run again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

from agentrun.outcome import ToolOutcome
from agentrun.plan import HttpTarget, ToolBinding
from agentrun.wire.json import JsonObject, render_canonical

JOINED = "The same call was already running, so it ran once for both; this is what came of it."
REPEATED = (
    "Not run again: the same call ran before on this call, and this is what came of it then. If something has"
    " changed that since, do not say that it is in effect now."
)

_Key: TypeAlias = tuple[str, str]


@dataclass(slots=True)
class EarlierRun:
    """A write that was started on this call.

    Attributes:
        call_id: the model's id of the call that started it.
        arguments: all of them, canonically.
        repairable: whether one whose outcome is unknown may run again, because the service knows its key.
        outcome: None while it runs.

    """

    call_id: str
    arguments: str
    repairable: bool
    outcome: ToolOutcome | None = None


class Repeats:
    """The writes of one call, by what makes them the same."""

    def __init__(self) -> None:
        self._runs: dict[_Key, EarlierRun] = {}
        self._keys: dict[str, _Key] = {}

    def find(self, binding: ToolBinding, arguments: str) -> EarlierRun | None:
        """Return the run that this call would repeat, or None if it may run.

        Args:
            binding: the tool.
            arguments: as the model wrote them.

        """
        parsed = _parse(binding, arguments)
        return None if parsed is None else self._runs.get(_key(binding, parsed))

    def is_same(self, earlier: EarlierRun, arguments: str) -> bool:
        """Whether not only the key but every argument is the one of the earlier run."""
        return _canonical(json.loads(arguments or "{}")) == earlier.arguments

    def start(self, binding: ToolBinding, arguments: str, call_id: str) -> None:
        """Note that a call is run now."""
        parsed = _parse(binding, arguments)
        if parsed is None:
            return
        key = _key(binding, parsed)
        repairable = binding.idempotency.kind == "key" and isinstance(binding.target, HttpTarget)
        self._keys[call_id] = key
        self._runs[key] = EarlierRun(call_id, _canonical(parsed), repairable)

    def finish(self, outcome: ToolOutcome) -> None:
        """Keep what came of a run; one that certainly had no effect is forgotten.

        A later word on the same run counts: what was `unknown` when its time was over may be known now.
        """
        key = self._keys.get(outcome.call_id)
        run = None if key is None else self._runs.get(key)
        if key is None or run is None or run.call_id != outcome.call_id:
            return
        if outcome.outcome == "ok" or (outcome.outcome == "unknown" and not run.repairable):
            run.outcome = outcome
        else:
            del self._runs[key]


def _parse(binding: ToolBinding, arguments: str) -> JsonObject | None:
    """Return the arguments of a write that must not be repeated, or None if this is none."""
    if not binding.runs_once:
        return None
    try:
        parsed = json.loads(arguments or "{}")
        render_canonical(parsed)
    except (ValueError, RecursionError):
        return None  # what is no JSON never reaches the tool
    return parsed if isinstance(parsed, dict) else None


def _key(binding: ToolBinding, arguments: JsonObject) -> _Key:
    named = binding.idempotency.key
    return binding.name, _canonical({n: arguments.get(n) for n in named} if named else arguments)


def _canonical(arguments: JsonObject) -> str:
    """Write arguments in one way; null says the same as leaving one out, and models do either."""
    return render_canonical({name: value for name, value in arguments.items() if value is not None})
