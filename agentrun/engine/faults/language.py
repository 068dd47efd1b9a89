"""Writing faults: one line, or a YAML file.

    connect#1: refuse 429 retry_after=2; response#2: fail inference_rate_limit_exceeded; seed=7

A rule is a moment with its conditions, a colon, an action with its options; rules are parted by `;`.

    moment       connect, request, session, response, mcp, webhook, or the type of an event (`*` stands for
                 anything)
    conditions   #3 (only the third), every=5, p=0.1 (with that probability), times=2 (at most), after=500ms
    actions      refuse 429 retry_after=2 code=…, delay 200ms, stall, drop 1006 reason=…, expire, lose,
                 duplicate, error CODE message=… close=4000, malformed, unknown TYPE, slice 16,
                 fail CODE message=…

In a file the same stands as `seed` and `rules`; a rule is a line, or a mapping with `at`, `nth`, `every`,
`p`, `times`, `after`, `do` and the action's options.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from agentrun.engine.faults.rules import (
    ACTIONS,
    LATE_ACTIONS,
    MOMENTS,
    Action,
    Delay,
    FaultRules,
    Place,
    Rule,
)
from agentrun.engine.written import (
    WrittenError,
    check_list,
    check_mapping,
    check_text,
    check_whole,
    load_text,
    parse_duration_ms,
    parse_yaml,
)

LONGEST_DELAY_MS = 15_000
"""Of one event: the engine gives up a client that takes no frame for 20 seconds."""
MAX_RULES = 100

_PARTS = re.compile(r"""((?:[^;"']|"[^"]*"|'[^']*')*)(?:;|\Z)""")
_HEAD = re.compile(r"\s*([\w.*]+)\s*(?:#(\d+))?((?:\s+\w+=\S+)*)\s*")
_CONDITIONS = ("nth", "every", "p", "times", "after")
_BOUNDS = {
    "status": (300, 599),
    "retry_after_s": (0, 3600),
    "code": (1000, 4999),
    "close": (1000, 4999),
    "size_bytes": (1, 1_000_000),
}


class FaultsError(WrittenError):
    """Faults cannot be understood; the message quotes the rule."""


def load_faults(given: str) -> FaultRules:
    """Read what the command line gives: the path of a file that exists, or a line.

    Raises:
        FaultsError: it cannot be read or understood.

    """
    path = Path(given)
    if not re.search(r"\.(ya?ml|json)$", given):
        return parse_faults(given)
    try:
        return _read_file(parse_yaml(load_text(path)))
    except WrittenError as error:
        text = str(error)
        raise FaultsError(text if text.startswith(str(path)) else f"{path}: {text}") from error


def parse_faults(line: str) -> FaultRules:
    """Read a line.

    Raises:
        FaultsError: it cannot be understood.

    """
    rules, seed = [], 0
    for part in _split(line):
        if found := re.fullmatch(r"\s*seed\s*=\s*(\d+)\s*", part):
            seed = int(found[1])
        else:
            rules.append(_parse_rule(part))
    return _bound(rules, seed)


def _split(line: str) -> Iterator[str]:
    at = 0
    while at < len(line):
        found = _PARTS.match(line, at)
        if found is None:
            raise FaultsError(f"`{line[at:]}`: a quotation mark is not closed")
        if found[1].strip():
            yield found[1].strip()
        at = found.end()


def _bound(rules: list[Rule], seed: int) -> FaultRules:
    if len(rules) > MAX_RULES:
        raise FaultsError(f"more than {MAX_RULES} rules")
    return FaultRules(tuple(rules), seed)


def _parse_rule(text: str) -> Rule:
    head, colon, tail = text.partition(":")
    found = _HEAD.fullmatch(head)
    if not colon or found is None:
        raise FaultsError(f"`{text}`: expected `MOMENT: ACTION`, such as `response#2: fail`")
    try:
        words = shlex.split(tail)
    except ValueError as error:
        raise FaultsError(f"`{text}`: a quotation mark is not closed") from error
    if not words:
        raise FaultsError(f"`{text}`: an action is missing")
    given: dict[str, Any] = {"at": found[1], "do": words[0]}
    if found[2]:
        given["nth"] = found[2]
    pairs = [pair.partition("=") for pair in found[3].split()]
    for name, _, value in pairs:
        if name not in _CONDITIONS:
            raise FaultsError(f"`{text}`: `{name}` is not one of {', '.join(_CONDITIONS)}")
        given[name] = value
    arguments = []
    for word in words[1:]:
        if named := re.fullmatch(r"([a-z_]+)=(.*)", word, re.DOTALL):
            given[named[1]] = named[2]
        else:
            arguments.append(word)
    return _build_rule(given, arguments, f"`{text}`")


def _read_file(value: Any) -> FaultRules:
    if isinstance(value, str):
        return parse_faults(value)
    given = check_mapping(value, "the file", ("seed", "rules"))
    rules: list[Rule] = []
    for index, rule in enumerate(check_list(given.get("rules", []), "rules")):
        if isinstance(rule, dict) and {"at", "do"} <= rule.keys():
            rules.append(_build_rule(dict(rule), [], f"rules[{index}]"))
        elif isinstance(rule, dict) and len(rule) == 1:  # what YAML makes of a line without quotes
            [(head, tail)] = rule.items()
            rules += parse_faults(f"{head}: {tail}").rules
        elif isinstance(rule, str):
            rules += parse_faults(rule).rules
        else:
            raise FaultsError(f"rules[{index}]: expected a line, or a mapping with `at` and `do`")
    return _bound(rules, check_whole(given.get("seed", 0), "seed", 0, 2**63))


def _build_rule(given: dict[str, Any], arguments: list[str], path: str) -> Rule:
    try:
        moment = check_text(given.pop("at"), "at")
        places = _find_places(moment)
        action_name = check_text(given.pop("do"), "do")
        conditions = {name: given.pop(name) for name in _CONDITIONS if name in given}
        action = _build_action(action_name, places, arguments, given)
        rule = Rule(moment, action, **_read_conditions(conditions))
        if rule.after_ms and not isinstance(action, LATE_ACTIONS):
            raise WrittenError(f"`after` does not go with `{action_name}`")
    except WrittenError as error:
        raise FaultsError(f"{path}: {error}") from error
    return rule


def _find_places(moment: str) -> set[Place]:
    """Return where a moment lies.

    Raises:
        WrittenError: there is no such moment.

    """
    from agentrun.wire import CLIENT_EVENTS, SERVER_EVENTS

    if moment in MOMENTS:
        return {MOMENTS[moment]}
    places: set[Place] = set()
    if any(fnmatchcase(name, moment) for name in SERVER_EVENTS):
        places.add("sent")
    if any(fnmatchcase(name, moment) for name in CLIENT_EVENTS):
        places.add("received")
    if not places:
        raise WrittenError(f"`{moment}` is neither one of {', '.join(MOMENTS)} nor the type of an event")
    return places


def _read_conditions(given: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name in ("nth", "every", "times"):
        if name in given:
            read[name] = check_whole(given[name], name, 1, 1_000_000)
    if "p" in given:
        read["probability"] = _read_probability(given["p"])
    if "after" in given:
        read["after_ms"] = parse_duration_ms(given["after"], "after")
    return read


def _read_probability(value: object) -> float:
    try:
        probability = float(str(value))
    except ValueError:
        probability = -1.0
    if not 0 <= probability <= 1:
        raise WrittenError(f"p: expected a number from 0 to 1, found `{value}`")
    return probability


def _list_places(places: Collection[Place]) -> str:
    """Return places in words, in the order of the guide."""
    words: dict[Place, str] = {
        **{place: moment for moment, place in MOMENTS.items()},
        "sent": "an event of the engine",
        "received": "an event of the client",
    }
    return ", ".join(word for place, word in words.items() if place in places)


def _build_action(name: str, places: set[Place], arguments: list[str], options: dict[str, Any]) -> Action:
    if name not in ACTIONS:
        raise WrittenError(f"`{name}` is not one of {', '.join(ACTIONS)}")
    cls, allowed = ACTIONS[name]
    if not places <= allowed:
        raise WrittenError(f"`{name}` cannot happen there, only at: {_list_places(allowed)}")
    fields = {_name_option(field.name): field for field in dataclasses.fields(cls)}
    if len(arguments) > min(1, len(fields)):
        raise WrittenError(f"`{arguments[-1]}` is one word too many")
    if arguments:
        options = {next(iter(fields)): arguments[0], **options}
    values: dict[str, Any] = {}
    for option, value in options.items():
        if option not in fields:
            known = ", ".join(f"`{known}`" for known in fields) or "no options"
            raise WrittenError(f"`{name}` has {known}, and not `{option}`")
        field = fields[option]
        values[field.name] = _read_value(field.name, str(field.type), value, option)
    if cls is Delay and not values:
        raise WrittenError("`delay` needs a time, such as `delay 200ms`")
    return cls(**values)


def _name_option(field: str) -> str:
    return re.sub(r"_(ms|s|bytes)$", "", field)


def _read_value(field: str, kind: str, value: object, option: str) -> object:
    if field.endswith("_ms"):
        wait_ms = parse_duration_ms(value, option)
        if wait_ms > LONGEST_DELAY_MS:
            raise WrittenError(f"{option}: at most {LONGEST_DELAY_MS} ms")
        return wait_ms
    if not kind.startswith("int"):
        return check_text(value, option)
    number = check_whole(value, option, *_BOUNDS[field])
    if field in ("code", "close") and number in (1004, 1005, 1015):
        raise WrittenError(f"{option}: {number} never stands in a close frame")
    return number
