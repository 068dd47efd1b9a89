"""The schema of the whole agent file. It drives validation, and editors through `agentrun schema agent`."""

from __future__ import annotations

from agentrun.config.schema.examples import AGENT_EXAMPLES, add_examples
from agentrun.config.schema.parts import (
    choice,
    duration,
    flag,
    items,
    mapping,
    number,
    text,
    whole,
    words_or_mapping,
)
from agentrun.config.schema.session import (
    GREETING,
    INSTRUCTIONS,
    MODEL,
    PROMPT,
    TRACING,
    TRANSCRIPTION,
    TRUNCATION,
    TURN_DETECTION,
    VOICE,
)
from agentrun.config.schema.tools import HANDOFF, MCP_SERVER, TOOL
from agentrun.wire.json import JsonObject

SCHEMA_URL = "https://agentrun.dev/schema/agent-1.json"

_VARIABLE: JsonObject = mapping(
    "The default value, or a mapping of rules",
    {
        "default": {
            "description": "Value where none is given",
            "type": ["string", "number", "boolean", "null"],
        },
        "required": flag("Whether a value must be given when a call starts"),
        "secret": flag("Whether the value must never be shown"),
        "description": text("What it is, for people"),
    },
) | {"type": ["string", "number", "boolean", "null", "object"]}

_GUARDRAIL: JsonObject = mapping(
    "A check of what is said",
    {
        "name": text("Its name in logs and reports"),
        "on": choice("Whose words are checked; the default is output", "output", "input"),
        "match": mapping(
            "What it looks for",
            {
                "regex": text("A regular expression"),
                "any_of": items("Words and phrases", text("A word or a phrase"), minItems=1),
                "python": text("A Python function, `package.module:function`"),
                "http": {"type": "object", "description": "An HTTP request that decides"},
            },
        ),
        "mode": choice(
            "`hold` keeps a little audio back so that a blocked sentence is never heard", "streaming", "hold"
        ),
        "action": choice("What happens then", "interrupt", "log", "hang_up"),
        "say": text("What the agent says instead"),
    },
    required=["match"],
)

_NO_INPUT: JsonObject = mapping(
    "What to do when the caller is silent",
    {
        "after": duration("Silence before a prompt"),
        "prompts": items("What the agent says, one after the other", text("A prompt"), minItems=1),
        "then": choice("What happens after the last prompt", "hang_up", "transfer", "nothing"),
    },
    required=["after"],
)

_SESSION: JsonObject = mapping(
    "Rules of the connection",
    {
        "max_duration": duration("Longest call; the default is 60m"),
        "rollover": flag("Whether a long call continues on a fresh connection"),
        "reconnect": mapping(
            "What happens when the connection is lost",
            {
                "attempts": whole("How often to try", 0),
                "initial": duration("First wait"),
                "maximum": duration("Longest wait"),
            },
        ),
        "end_call_after": duration("Time after which the call is ended in any case"),
    },
)

_CONTEXT: JsonObject = mapping(
    "What the model remembers",
    {
        "truncation": TRUNCATION,
        "history": items(
            "What was said before the call",
            mapping(
                "One entry",
                {"role": choice("Who said it", "user", "assistant", "system"), "text": text("What was said")},
                ["role", "text"],
            ),
        ),
        "summarize": mapping(
            "When old turns are replaced by a summary",
            {
                "above_tokens": whole("Length at which it happens", 1),
                "keep_turns": whole("Turns that are kept as they are", 0),
            },
        ),
    },
)

_BUDGET: JsonObject = mapping(
    "Bounds on the cost of a call",
    {
        "max_usd": number("Most money for one call, in US dollars", 0),
        "max_minutes": number("Most minutes for one call", 0),
        "on_exceed": choice("What happens then", "hang_up", "warn"),
    },
)

_TRANSCRIPT: JsonObject = mapping(
    "What is kept of what was said",
    {
        "store": flag("Whether transcripts are kept; the default is true"),
        "redact": items(
            "What is replaced before anything is kept",
            words_or_mapping(
                "A kind of detail, or an expression of your own",
                ["phone", "card", "email"],
                {"regex": text("What to replace"), "name": text("What stands there instead")},
                ["regex"],
            ),
        ),
    },
)


def build_agent_schema() -> JsonObject:
    """Return the JSON Schema (draft-07) of agent files, version 1."""
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": SCHEMA_URL,
        "title": "an agent file",
        **mapping("One voice agent", _PROPERTIES, ["version", "instructions"]),
        "patternProperties": {"^x-": {"description": "Yours; ignored by agentrun"}},
    }
    return add_examples(schema, AGENT_EXAMPLES)


_PROPERTIES: dict[str, JsonObject] = {
    "version": {"const": 1, "description": "The version of the format"},
    "name": text(
        "Name of the agent in addresses, logs and metrics; the default is the name of the file",
        pattern="^[a-z0-9][a-z0-9_-]{0,62}$",
        title="lower-case letters, digits, `-` and `_`, at most 63",
    ),
    "description": text("What the agent is for; people and other agents read it"),
    "extends": text("Path of another agent file; this one is laid over it"),
    "model": MODEL,
    "instructions": INSTRUCTIONS,
    "variables": {
        "type": "object",
        "description": "Names that `{{…}}` can fill in, with their defaults",
        "additionalProperties": _VARIABLE,
    },
    "voice": VOICE,
    "language": text("Language of the call, ISO 639-1: `en`, `ko`"),
    "output": choice("What the model answers with; the default is audio", "audio", "text"),
    "greeting": GREETING,
    "turn_detection": TURN_DETECTION,
    "transcription": TRANSCRIPTION,
    "noise_reduction": choice(
        "`near_field` for headsets and phones at the ear, `far_field` for rooms",
        "near_field",
        "far_field",
        "off",
    ),
    "tool_choice": text("`auto`, `none`, `required`, or the name of the tool that must be called"),
    "tools": items("What the agent can do", TOOL),
    "mcp_servers": items("MCP servers whose tools the agent may use", MCP_SERVER),
    "handoffs": items("Agents that can take over the call", HANDOFF),
    "guardrails": items("Checks of what is said", _GUARDRAIL),
    "interruption": mapping(
        "What does not count as an interruption",
        {
            "ignore_phrases": items("Phrases such as `uh-huh`", text("A phrase")),
            "min_words": whole("Words that an interruption has at least", 0),
        },
    ),
    "no_input": _NO_INPUT,
    "session": _SESSION,
    "context": _CONTEXT,
    "budget": _BUDGET,
    "transcript": _TRANSCRIPT,
    "tracing": TRACING,
    "prompt": PROMPT,
    "overrides": {"type": "object", "description": "Merged last into the session that is sent to the API"},
    "public_env": items(
        "Environment variables whose values are not secret", text("Name of an environment variable")
    ),
}
