"""The script file: what the model does in each response, as values.

    steps:                        # one reply for each response of a session, in order
      - say: Hello, this is Harbour Books.
      - - {say: One moment., phase: commentary}
        - {call: lookup_order, with: {order_id: A1001}}
      - say: It has shipped.
    answers:                      # tried before the steps
      - when: {contains: cancel}  # what the caller said last
        reply: {call: cancel_order}
      - when: {after: cancel_order}
        reply: {say: It is cancelled.}
    otherwise: {say: Pardon?}     # when the steps are used up
    repeat: false                 # or begin again

A reply is one action or a list of them: `say` (with `phase`), `call` (with `with`), `wait`, `fail`, `stall`.
A file that is a list is a list of steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from agentrun.engine.seams import Call, Failure, Say
from agentrun.engine.written import (
    WrittenError,
    check_list,
    check_mapping,
    check_text,
    load_text,
    parse_duration_ms,
    parse_yaml,
)

_PHASES = ("commentary", "final_answer")
_USUAL_FAILURE = "The script says that this response fails."


class ScriptError(WrittenError):
    """A script cannot be used."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let time pass."""

    ms: int


@dataclass(frozen=True, slots=True)
class Fail:
    """End the response as `failed`."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Stall:
    """Never go on; only a cancel ends the response."""


Action: TypeAlias = Say | Call | Wait | Fail | Stall
Reply: TypeAlias = tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class When:
    """What must have happened last.

    Attributes:
        words: matches what the caller said, or None for anything that they say.
        after: the tool whose output must have come, or None if the caller must have spoken.

    """

    words: re.Pattern[str] | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply to something."""

    when: When
    reply: Reply


@dataclass(frozen=True, slots=True)
class Script:
    """A script file.

    Attributes:
        steps: replies in order.
        answers: replies to something, of which the first that fits is taken, before the steps.
        otherwise: the reply when the steps are used up.
        repeat: whether the steps begin again then.
        obeys: whether "say exactly …" in the instructions of a single response is obeyed, and takes no step.

    """

    steps: tuple[Reply, ...] = ()
    answers: tuple[Answer, ...] = ()
    otherwise: Reply = ()
    repeat: bool = False
    obeys: bool = False


def load_script(path: Path) -> Script:
    """Read a script file.

    Raises:
        ScriptError: with the file and the place.

    """
    try:
        return parse_script(load_text(path))
    except ScriptError as error:
        raise ScriptError(f"{path}: {error}") from error
    except WrittenError as error:
        raise ScriptError(str(error)) from error


def parse_script(text: str) -> Script:
    """Read the text of a script.

    Raises:
        ScriptError: with the place.

    """
    try:
        return _read_script(parse_yaml(text))
    except WrittenError as error:
        raise ScriptError(str(error)) from error


def _read_script(value: Any) -> Script:
    if isinstance(value, list):
        value = {"steps": value}
    keys = ("version", "steps", "answers", "otherwise", "repeat", "obey_instructions")
    given = check_mapping(value, "the script", keys)
    if given.get("version", 1) != 1:
        raise WrittenError("version: this agentrun reads version 1")
    steps = check_list(given.get("steps", []), "steps")
    answers = check_list(given.get("answers", []), "answers")
    return Script(
        tuple(_read_reply(step, f"steps[{index}]") for index, step in enumerate(steps)),
        tuple(_read_answer(answer, f"answers[{index}]") for index, answer in enumerate(answers)),
        _read_reply(given["otherwise"], "otherwise") if "otherwise" in given else (),
        _read_flag(given, "repeat"),
        _read_flag(given, "obey_instructions"),
    )


def _read_flag(given: dict[str, Any], key: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise WrittenError(f"{key}: expected true or false, found `{value}`")
    return value


def _read_answer(value: Any, path: str) -> Answer:
    given = check_mapping(value, path, ("when", "reply"))
    if len(given) < 2:
        raise WrittenError(f"{path}: `when` and `reply` are both needed")
    return Answer(_read_when(given["when"], f"{path}.when"), _read_reply(given["reply"], f"{path}.reply"))


def _read_when(value: Any, path: str) -> When:
    if isinstance(value, str):
        value = {"contains": value}
    given = check_mapping(value, path, ("contains", "matches", "equals", "after"))
    if len(given) != 1:
        raise WrittenError(f"{path}: expected exactly one of `contains`, `matches`, `equals`, `after`")
    [(kind, wanted)] = given.items()
    wanted = check_text(wanted, f"{path}.{kind}")
    match kind:
        case "after":
            return When(after=wanted)
        case "contains":
            pattern = re.escape(wanted)
        case "equals":
            pattern = rf"\A\s*{re.escape(wanted)}\s*\Z"
        case _:
            pattern = wanted
    try:
        return When(re.compile(pattern, re.IGNORECASE))
    except re.error as error:
        raise WrittenError(f"{path}.matches: not a regular expression: {error}") from error


def _read_reply(value: Any, path: str) -> Reply:
    if isinstance(value, list):
        actions = [_read_action(one, f"{path}[{index}]") for index, one in enumerate(value)]
        return tuple(actions)
    return (_read_action(value, path),)


def _read_action(value: Any, path: str) -> Action:
    known = ("say", "phase", "call", "with", "wait", "fail", "stall")
    given = check_mapping(value, path, known)
    kinds = [key for key in ("say", "call", "wait", "fail", "stall") if key in given]
    if len(kinds) != 1:
        raise WrittenError(f"{path}: expected exactly one of `say`, `call`, `wait`, `fail`, `stall`")
    [kind] = kinds
    for extra in _find_extras(given, kind):
        raise WrittenError(f"{path}: `{extra}` does not go with `{kind}`")
    match kind:
        case "say":
            return _read_say(given, path)
        case "call":
            arguments = given.get("with", {})
            if not isinstance(arguments, dict):
                raise WrittenError(f"{path}.with: expected a mapping of arguments")
            return Call(check_text(given["call"], f"{path}.call"), arguments)
        case "wait":
            return Wait(parse_duration_ms(given["wait"], f"{path}.wait"))
        case "fail":
            return Fail(_read_failure(given["fail"], f"{path}.fail"))
    return Stall()


def _find_extras(given: dict[str, Any], kind: str) -> Iterator[str]:
    allowed = {"say": {"say", "phase"}, "call": {"call", "with"}}.get(kind, {kind})
    yield from (key for key in given if key not in allowed)


def _read_say(given: dict[str, Any], path: str) -> Say:
    text = check_text(given["say"], f"{path}.say")
    match given.get("phase", "final_answer"):
        case "commentary":
            return Say(text, "commentary")
        case "final_answer":
            return Say(text)
    raise WrittenError(f"{path}.phase: expected one of {', '.join(_PHASES)}")


def _read_failure(value: Any, path: str) -> Failure:
    if value is None or value is True:
        return Failure(_USUAL_FAILURE)
    if isinstance(value, str):
        return Failure(_USUAL_FAILURE, value)
    given = check_mapping(value, path, ("code", "message", "type"))
    texts = {key: check_text(text, f"{path}.{key}") for key, text in given.items()}
    return Failure(texts.get("message", _USUAL_FAILURE), texts.get("code"), texts.get("type", "server_error"))
