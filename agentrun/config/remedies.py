"""What to do about a value of the wrong form, or a key that is not known, where the schema can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentrun.config.nodes import Path, YamlList, YamlMap, YamlNode, YamlScalar
from agentrun.config.quantities import DURATION_PATTERN
from agentrun.config.schema import build_agent_schema
from agentrun.config.suggest import find_near, suggest
from agentrun.wire.json import JsonObject

# What other products call it, at the top of the file.
_OTHER_NAMES = {
    **dict.fromkeys(("system_prompt", "system", "system_message", "prompt_file", "role"), "instructions"),
    **dict.fromkeys(("first_message", "welcome", "welcome_message", "begin_message", "hello"), "greeting"),
    **dict.fromkeys(("functions", "actions"), "tools"),
    **dict.fromkeys(("stt", "asr", "transcriber"), "transcription"),
    **dict.fromkeys(("tts", "speaker"), "voice"),
    **dict.fromkeys(("llm", "engine"), "model"),
    **dict.fromkeys(("vad", "endpointing"), "turn_detection"),
    "transfers": "handoffs",
}


def suggest_key(key: str, schema: JsonObject, home: Path) -> str:
    """Return where an unknown key of a mapping belongs, which key was meant, or which keys there are.

    Args:
        key: the unknown one.
        schema: of the mapping.
        home: path of the mapping.

    """
    at_top = not home
    properties: JsonObject = schema.get("properties", {})
    known = [name for name in properties if name != "use" or at_top]
    if at_top and _OTHER_NAMES.get(key) in properties:
        return f"write `{_OTHER_NAMES[key]}`"
    if kind := find_kind(key, schema):
        return f"write `{kind}: {key}`, and what stood below it beside that"
    if len(known) == 1:
        return f"did you mean `{known[0]}`?"
    if not find_near(key, known):
        inside = next((name for name in known if key in properties[name].get("properties", ())), None)
        if inside is not None:
            return f"`{key}` belongs inside `{inside}`"
        if not at_top and key not in home and key in build_agent_schema()["properties"]:
            return f"`{key}` belongs at the top of the agent's file, without indentation"
    return suggest(key, known)


def find_kind(key: str, schema: JsonObject) -> str:
    """Return the required key of which an unknown key is a value, as in `{server_vad: …}`, or nothing."""
    properties: JsonObject = schema.get("properties", {})
    names: Iterator[str] = (n for n in schema.get("required", ()) if key in properties[n].get("enum", ()))
    return next(names, "")


def find_remedy(node: YamlNode, schema: JsonObject) -> str:
    """Return how to write a value of the wrong type, or nothing where that depends on what it means."""
    wanted = schema.get("type")
    if wanted == "array":
        return "write a list: `[…]`, or one item to a line with `- ` before it"
    if wanted == "object" and isinstance(node, YamlList):
        return "write `name: value`, one to a line, without `- `"
    if wanted == "object" and isinstance(node, YamlScalar) and (keys := _find_first_keys(schema)):
        return f"write `{{{', '.join(f'{key}: …' for key in keys)}}}`"
    if wanted == "integer" and isinstance(node, YamlScalar) and re.search(DURATION_PATTERN, node.text):
        return "write the number alone: the name of the field has the unit"
    if wanted == "string" and isinstance(node, YamlMap) and not node.entries:
        return "put quotes round a text of braces"
    return ""


def find_long_form(path: Path, word: str) -> str:
    """Return how to write a word that is the kind of a mapping and stands in the mapping's place."""
    field: JsonObject = build_agent_schema()["properties"].get(path[0], {}) if len(path) == 1 else {}
    for key in field.get("required", ()):
        if word in field["properties"][key].get("enum", ()):
            return f"write `{{{key}: {word}}}`"
    return ""


def _find_first_keys(schema: JsonObject) -> list[str]:
    """Return the keys that a mapping needs: the required ones, or the first of several."""
    either: Iterator[str] = (
        branch["required"][0] for branch in schema.get("oneOf", ()) if "required" in branch
    )
    return schema.get("required") or [key for key in (next(either, None),) if key]
