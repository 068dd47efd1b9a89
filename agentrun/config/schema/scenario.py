"""The schema of the scenario file: one rehearsed conversation, and what must come of it."""

from __future__ import annotations

from agentrun.config.schema.examples import SCENARIO_EXAMPLES, add_examples
from agentrun.config.schema.parts import (
    Properties,
    choice,
    duration,
    flag,
    items,
    mapping,
    number,
    one_of_keys,
    refused,
    text,
    whole,
)
from agentrun.wire.json import JsonObject

SCENARIO_URL = "https://agentrun.dev/schema/scenario-1.json"

_TURN_KINDS = ("user", "silence", "dtmf", "hang_up", "image")
_EXPECTATION_KINDS = (
    "says",
    "heard",
    "calls",
    "placeholder",
    "silence",
    "handoff",
    "ends",
    "guardrail",
    "cost",
    "variables",
    "not",
)


def _any_of_mapping(description: str, properties: Properties) -> JsonObject:
    return mapping(description, properties, minProperties=1)


def _values(description: str) -> JsonObject:
    return {"type": "object", "description": description}


def _words(description: str) -> JsonObject:
    return _any_of_mapping(
        description,
        {
            "contains": text("Text that must be among the words; case does not matter"),
            "matches": text("A regular expression that must be found in the words"),
            "equals": text("The words must be exactly these"),
            "not_contains": text("Text that must not be among the words"),
            "not_matches": text("A regular expression that must not be found in the words"),
            "judge": mapping(
                "A chat model decides; without one the scenario is not run",
                {
                    "criteria": text("What the words must do, in plain language"),
                    "min_score": number("The least score that passes", 0),
                },
                ["criteria"],
            ),
        },
    )


_EXPECTATIONS: dict[str, JsonObject] = {
    "says": _words("The agent's words of this turn"),
    "heard": _words("The part of the agent's words that the caller heard before the barge-in"),
    "calls": mapping(
        "The model calls a tool",
        {
            "tool": text("Name of the tool"),
            "with": _values("Arguments that it is given, among others; `{matches: …}` and `any` fit several"),
            "times": whole("How often exactly; 0 means never", 0),
        },
        ["tool"],
    ),
    "placeholder": mapping(
        "A placeholder is spoken while a tool runs",
        {
            "within": duration("How soon after the call of the tool"),
            "text": text("Text that must be among its words"),
        },
    ),
    "silence": mapping(
        "Dead air while the caller waits",
        {"at_most": duration("The longest stretch that is allowed")},
        ["at_most"],
    ),
    "handoff": mapping("Another agent takes over", {"to": text("Name of that agent")}, ["to"]),
    "ends": mapping("The call ends", {"reason": text("Reason of the end, as the journal names it")}),
    "guardrail": mapping("A guardrail acts", {"name": text("Name of the guardrail")}),
    "cost": mapping(
        "What the call has cost so far",
        {"at_most_usd": number("Most money, in US dollars", 0)},
        ["at_most_usd"],
    ),
    "variables": {
        "type": "object",
        "description": "Values that variables of the call have",
        "minProperties": 1,
    },
}
_WITHIN = duration("How soon after the end of the caller's turn")


def _expectation(description: str, kinds: Properties) -> JsonObject:
    rule = one_of_keys(*(kind for kind in _EXPECTATION_KINDS if kind in kinds))[1:]
    return mapping(description, {**kinds, "within": _WITHIN}, oneOf=rule)


EXPECTATION = _expectation(
    "One thing that must hold",
    {**_EXPECTATIONS, "not": _expectation("An expectation that must not hold", _EXPECTATIONS)},
)

_STEP: JsonObject = mapping(
    "One thing that the embedded model does",
    {
        "say": text("The words it says"),
        "call": text("The tool it calls"),
        "with": _values("Arguments of the call"),
    },
    oneOf=one_of_keys("say", "call")[1:],
    allOf=[
        {
            "if": {"type": "object", "required": ["say"]},
            "then": {"properties": {"with": refused("it belongs to `call`")}},
        }
    ],
)
_SCRIPT = items("What the embedded model does in this turn, step by step", _STEP, minItems=1)

_EXPECT_ONLY: JsonObject = {
    "type": "object",
    "required": ["expect"],
    "not": {"anyOf": [{"required": [kind]} for kind in _TURN_KINDS]},
}

TURN: JsonObject = mapping(
    "One turn: what the caller does, and what must come of it; "
    "a turn with `expect` alone waits for the agent, as at the greeting",
    {
        "user": text("What the caller says"),
        "silence": duration("How long the caller says nothing"),
        "dtmf": text(
            "Keys that the caller presses", pattern="^[0-9A-D*#wW]+$", title='keys in quotes, such as `"12#"`'
        ),
        "hang_up": {"const": True, "description": "The caller hangs up"},
        "image": text("An image that the caller shows: a path relative to this file, or a `data:` address"),
        "at": duration("Makes it a barge-in: this long after the agent starts to speak"),
        "expect": items("Expectations, each of which must hold within the turn", EXPECTATION, minItems=1),
        "ordered": flag("Whether the expectations must come true in this order; the default is false"),
        "model": _SCRIPT,
    },
    oneOf=[*one_of_keys(*_TURN_KINDS)[1:], _EXPECT_ONLY],
    allOf=[
        {
            "if": {
                "type": "object",
                "not": {"required": ["user"]},
                "anyOf": [{"required": [kind]} for kind in _TURN_KINDS],
            },
            "then": {"properties": {"at": refused("it belongs to `user`")}},
        },
        {
            "if": {"type": "object", "not": {"required": ["expect"]}},
            "then": {"properties": {"ordered": refused("it belongs to `expect`")}},
        },
    ],
)

_MOCK: JsonObject = mapping(
    "An answer of the tool",
    {
        "when": _values("Arguments for which it is given, among others; without it for all"),
        "return": {"description": "The result that the model reads"},
        "error": text("The error that the model reads"),
        "delay": duration("How long the tool takes"),
    },
    oneOf=one_of_keys("return", "error")[1:],
)

_FAULT: JsonObject = mapping(
    "Something that goes wrong: a tool or the link",
    {
        "at": duration("When the link fails, counted from the start of the call"),
        "link": choice("What happens to the link to the model", "drop"),
        "tool": text("Name of the tool that fails"),
        "error": text("How it fails"),
        "times": whole("How often; the default is every time", 1),
    },
    oneOf=one_of_keys("link", "tool")[1:],
    allOf=[
        {
            "if": {"type": "object", "required": ["link"]},
            "then": {
                "required": ["at"],
                "properties": {
                    key: refused("it belongs to `tool`, and there is `link`") for key in ("error", "times")
                },
            },
        },
        {
            "if": {"type": "object", "required": ["tool"]},
            "then": {"required": ["error"]},
        },
    ],
)

_PERSONA: JsonObject = mapping(
    "A chat model plays the caller, instead of `turns`",
    {
        "goal": text("What the caller wants to reach"),
        "style": text("How the caller speaks"),
        "max_turns": whole("Turns after which the caller hangs up", 1),
    },
    ["goal"],
)

_PROPERTIES: dict[str, JsonObject] = {
    "version": {"const": 1, "description": "The version of the format"},
    "agent": text("Path of the agent file, relative to this file"),
    "name": text("Name of the scenario in reports; the default is the name of the file"),
    "variables": _values("Variables of the call"),
    "mocks": {
        "type": "object",
        "description": "Answers of tools, by the tool's name; the first one that fits is given",
        "additionalProperties": items("Answers of one tool", _MOCK, minItems=1),
    },
    "turns": items("What happens, turn by turn", TURN, minItems=1),
    "persona": _PERSONA,
    "expect": items("Expectations of the whole conversation", EXPECTATION, minItems=1),
    "model": items("What the embedded model does, one list of steps for each turn", _SCRIPT, minItems=1),
    "faults": items("What goes wrong during the call", _FAULT),
    "repeat": whole("How often the scenario is run; the default is 1", 1),
    "pass_at_least": whole("How many of these runs must pass; the default is all", 1),
}


def build_scenario_schema() -> JsonObject:
    """Return the JSON Schema (draft-07) of scenario files, version 1."""
    rule = one_of_keys("turns", "persona")[1:]
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": SCENARIO_URL,
        "title": "a scenario file",
        **mapping("One rehearsed conversation", _PROPERTIES, ["version", "agent"], oneOf=rule),
        "patternProperties": {"^x-": {"description": "Yours; ignored by agentrun"}},
    }
    return add_examples(schema, SCENARIO_EXAMPLES)
