"""Says in our own words what is wrong with the keys and values of a tree.

A schema library describes its rules; a person wants to know what to change. Every kind of error therefore
has its own small function here, and the library's texts are never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agentrun.config.nodes import (
    Path,
    YamlMap,
    YamlNode,
    YamlScalar,
    find_key,
    find_node,
    first_place,
    path_in_file,
)
from agentrun.config.quantities import DURATION_PATTERN, SIZE_PATTERN
from agentrun.config.remedies import find_long_form, find_remedy, suggest_key
from agentrun.config.suggest import find_near
from agentrun.diagnostics import Diagnostic, Remark, Span, diagnose
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject

# Names of the retired beta API (and slips that come from it), and what says the same today.
_BETA_NAMES = {
    "modalities": "output",
    "output_modalities": "output",
    "input_audio_transcription": "transcription",
    "input_audio_noise_reduction": "noise_reduction",
    "max_response_output_tokens": "model: {max_output_tokens: …}",
    "max_output_tokens": "model: {max_output_tokens: …}",
    "input_audio_format": None,
    "output_audio_format": None,
    "temperature": None,
}
_BOOLEAN_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_TYPE_NAMES = {
    "string": "a text",
    "object": "a mapping",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "null",
}


class _Case:
    """One error of the schema library with what is needed to word it."""

    def __init__(self, root: YamlNode, node: YamlNode, path: Path, schema: Any, value: Any) -> None:
        self.root = root
        self.node = node
        self.path = path
        self.schema: JsonObject = schema if isinstance(schema, dict) else {}
        self.value = value

    @property
    def span(self) -> Span:
        """The value itself; for a collection the key that owns it."""
        return self.node.span if isinstance(self.node, YamlScalar) else self.owner

    @property
    def owner(self) -> Span:
        """The key that owns the value; for the whole file its first key."""
        return find_key(self.root, self.path) if self.path else first_place(self.node)

    @property
    def name(self) -> str:
        return name_path(path_in_file(self.root, self.path))

    @property
    def hint(self) -> str:
        return _lower_first(str(self.schema.get("description", "")))

    def report(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        *,
        key: str | None = None,
        notes: Iterable[Remark] = (),
    ) -> Diagnostic:
        path = self.path if key is None else (*self.path, key)
        words = self.hint if hint is None else hint
        return diagnose(code, message, span or self.span, path=path, hint=words, notes=notes)


def name_path(path: Path) -> str:
    """Return a short name of a place: its last key with the indexes after it, in backticks."""
    text = ""
    for part in reversed(path):
        text = f"[{part}]{text}" if isinstance(part, int) else f"{part}{text}"
        if isinstance(part, str):
            break
    return f"`{text}`" if text else "the file"


def _explain_unknown_key(case: _Case) -> Iterator[Diagnostic]:
    if not isinstance(case.node, YamlMap):
        return
    known = [key for key in case.schema.get("properties", {}) if key != "use" or not case.path]
    for key, entry in case.node.entries.items():
        if key in known or (not case.path and key.startswith("x-")) or key == "use":
            continue
        where = f" of {case.name}" if case.path else ""
        message = f"`{key}` is not a known key{where}"
        hint = suggest_key(key, case.schema, case.path)
        finding = case.report("AR201", message, entry.key, hint, key=key)
        yield _explain_beta_name(case, key, entry.key) or finding


def _explain_beta_name(case: _Case, key: str, span: Span) -> Diagnostic | None:
    if case.path or key not in _BETA_NAMES:
        return None
    today = _BETA_NAMES[key]
    if today is None:
        hint = "remove it: " + (
            "the model has no such setting any more"
            if key == "temperature"
            else "the channel decides the format"
        )
        return case.report("AR202", f"`{key}` is a name of the retired beta API", span, hint, key=key)
    message = f"`{key}` is the API's name; here it is `{today}`"
    return case.report("AR202", message, span, f"write `{today}`", key=key)


def _explain_missing_key(case: _Case) -> Iterator[Diagnostic]:
    if not isinstance(case.node, YamlMap):
        return
    for key in case.value:
        if key not in case.node.entries and not _is_misspelt(case, [key]):
            wanted = case.schema.get("properties", {}).get(key, {})
            meaning = _lower_first(wanted.get("description", ""))
            hint = f"add `{key}: {wanted.get('const', '…')}`" + (f": {meaning}" if meaning else "")
            yield case.report("AR203", f"{case.name} needs the key `{key}`", case.owner, hint)


def _explain_type(case: _Case) -> Iterator[Diagnostic]:
    node, expected = case.node, _expected(case.schema)
    if isinstance(node, YamlScalar) and node.value is None:
        hint = (
            "write `[]` for an empty list" if case.value == "array" else "give it a value, or remove the key"
        )
        yield case.report("AR204", f"{case.name} has no value", case.owner, hint)
    elif case.value == "boolean" and isinstance(node, YamlScalar) and node.text.lower() in _BOOLEAN_WORDS:
        hint = f"YAML 1.2 reads `{node.text}` as a text; write `{_BOOLEAN_WORDS[node.text.lower()]}`"
        yield case.report(
            "AR211", f"{case.name} must be true or false, found the text `{node.text}`", hint=hint
        )
    elif case.schema.get("pattern") in (DURATION_PATTERN, SIZE_PATTERN):
        yield case.report(
            "AR212", f"{case.name} must be {expected}, found {_show(node)}", hint=_unit_hint(node)
        )
    elif isinstance(node, YamlScalar) and isinstance(node.value, Secret):
        hint = "values of the environment are texts and secret; list the variable under `public_env`"
        yield case.report("AR210", f"{case.name} must be {expected}, found a secret value", hint=hint)
    else:
        hint = find_remedy(node, case.schema) or case.hint
        yield case.report("AR210", f"{case.name} must be {expected}, found {_show(node)}", hint=hint)


def _explain_choice(case: _Case) -> Iterator[Diagnostic]:
    words = [str(word) for word in case.value]
    near = find_near(str(getattr(case.node, "value", "")), words)
    hint = f"did you mean `{near[0]}`?" if near else case.hint
    hint = find_long_form(case.path, str(getattr(case.node, "value", ""))) or hint
    # The words of a field that may be a mapping instead have no type of their own.
    also = ", or a mapping" if case.schema.get("type") is None and case.hint else ""
    yield case.report(
        "AR213", f"{case.name} must be {_list_words(words)}{also}, found {_show(case.node)}", hint=hint
    )


def _explain_const(case: _Case) -> Iterator[Diagnostic]:
    found, hint = _show(case.node), None
    if isinstance(case.node, YamlScalar) and isinstance(case.node.value, str):
        found, wanted = f"the text {found}", json.dumps(case.value)
        same = case.node.value == wanted
        hint = "take the quotes away" if same else f"write `{wanted}`"
    yield case.report("AR213", f"{case.name} must be {json.dumps(case.value)}, found {found}", hint=hint)


def _explain_range(case: _Case) -> Iterator[Diagnostic]:
    bound = "at least" if "minimum" in case.schema and _is_below(case) else "at most"
    yield case.report(
        "AR214", f"{case.name} must be {bound} {case.value}, found {_show(case.node, bare=True)}"
    )


def _is_below(case: _Case) -> bool:
    value = case.node.value if isinstance(case.node, YamlScalar) else None
    return isinstance(value, int | float) and value < case.schema["minimum"]


def _explain_pattern(case: _Case) -> Iterator[Diagnostic]:
    expected = _expected(case.schema)
    if case.schema.get("pattern") in (DURATION_PATTERN, SIZE_PATTERN):
        yield case.report(
            "AR212", f"{case.name} must be {expected}, found {_show(case.node)}", hint=_unit_hint(case.node)
        )
    else:
        yield case.report("AR215", f"{case.name} must be {expected}, found {_show(case.node)}")


def _explain_length(case: _Case) -> Iterator[Diagnostic]:
    yield case.report("AR218", f"{case.name} must not be empty")


def _explain_one_of(case: _Case) -> Iterator[Diagnostic]:
    if not isinstance(case.node, YamlMap):
        return
    keys = [branch["required"][0] for branch in case.value if "required" in branch and "not" not in branch]
    given = [key for key in keys if key in case.node.entries]
    listed = ", ".join(f"`{key}`" for key in keys[:-1]) + f" and `{keys[-1]}`"
    if not given and _is_misspelt(case, keys):
        return
    if not given:
        yield case.report(
            "AR216", f"{case.name} needs exactly one of {listed}", case.owner, "none of them is there"
        )
    else:
        first, second = (case.node.entries[key].key for key in given[:2])
        both = " and ".join(f"`{key}`" for key in given)
        notes = [Remark(f"`{given[0]}` is here", first)]
        message = f"{case.name} needs exactly one of {listed}"
        yield case.report("AR216", message, second, f"found {both}", notes=notes)


def _is_misspelt(case: _Case, keys: list[str]) -> bool:
    """Return whether an unknown key of the mapping is nearly one of these; it is reported already."""
    known = case.schema.get("properties", {})
    unknown = [key for key in getattr(case.node, "entries", ()) if key not in known]
    if len(known) == 1 and unknown:
        return True
    inner = {key for name in keys for key in known.get(name, {}).get("properties", ())}
    values = {value for name in keys for value in known.get(name, {}).get("enum", ())}
    return any(key in inner or key in values or find_near(key, keys) for key in unknown)


def _explain_not(case: _Case) -> Iterator[Diagnostic]:
    reason = str(case.schema.get("title", "it must not stand here"))
    if case.value == {}:
        key = find_key(case.root, case.path)
        message, notes = f"{case.name} does not fit here: {reason}", _find_rival(case, reason)
        yield case.report("AR217", message, key, "", notes=notes)
    else:
        pair = [key for key in case.value.get("required", ()) if key in getattr(case.node, "entries", ())]
        places = [find_key(case.root, (*case.path, key)) for key in pair]
        notes = [Remark(f"`{pair[0]}` is here", places[0])] if pair else []
        yield case.report("AR216", reason, places[-1] if places else None, "remove one of them", notes=notes)


def _find_rival(case: _Case, reason: str) -> list[Remark]:
    """Return where the key stands that a refused one does not go with, if the reason names it."""
    parent = find_node(case.root, case.path[:-1])
    words = re.findall(r"`(\w+)", reason)
    for word in words:
        if isinstance(parent, YamlMap) and word in parent.entries:
            return [Remark(f"`{word}` is here", parent.entries[word].key)]
    return []


_EXPLAINERS: Mapping[str, Callable[[_Case], Iterable[Diagnostic]]] = {
    "additionalProperties": _explain_unknown_key,
    "required": _explain_missing_key,
    "type": _explain_type,
    "enum": _explain_choice,
    "const": _explain_const,
    "minimum": _explain_range,
    "maximum": _explain_range,
    "pattern": _explain_pattern,
    "minLength": _explain_length,
    "minItems": _explain_length,
    "minProperties": _explain_length,
    "oneOf": _explain_one_of,
    "not": _explain_not,
}
"""One row for each keyword that the schema uses; a test keeps it complete."""


def explain(
    keyword: str, root: YamlNode, path: Path, node: YamlNode, schema: Any, value: Any
) -> Iterable[Diagnostic]:
    """Yield what a person wants to know about one error of the schema library.

    Args:
        keyword: the keyword of the schema that the node does not satisfy.
        root: the whole tree.
        path: where the node stands in it.
        node: the node that is wrong.
        schema: the schema in which the keyword stands.
        value: what the keyword demands.

    """
    explainer = _EXPLAINERS.get(keyword)
    return () if explainer is None else explainer(_Case(root, node, path, schema, value))


def _expected(schema: JsonObject) -> str:
    if "title" in schema:
        return str(schema["title"])
    if "enum" in schema:
        return _list_words(schema["enum"])
    types = schema.get("type", "string")
    names = [_TYPE_NAMES[kind] for kind in ([types] if isinstance(types, str) else types) if kind != "null"]
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _list_words(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(f"`{w}`" for w in words[:-1]), f"`{words[-1]}`"]))


def _show(node: YamlNode, *, bare: bool = False) -> str:
    """Say what was found, without ever showing a secret."""
    match node:
        case YamlScalar(value=Secret()):
            return "a secret value"
        case YamlScalar(value=None):
            return "nothing"
        case YamlScalar(value=str() as text):
            short = text if len(text) <= 40 else text[:39] + "…"
            return f"`{short}`".replace("\n", " ")
        case YamlScalar(value=bool() as value):
            return "true" if value else "false"
        case YamlScalar():
            return node.text if bare else f"the number {node.text}"
        case YamlMap():
            return "a mapping"
    return "a list"


def _unit_hint(node: YamlNode) -> str:
    if (
        isinstance(node, YamlScalar)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        return f"write `{node.text}s` for seconds or `{node.text}ms` for milliseconds"
    return "units are `ms`, `s`, `m` and `h` for times, `KiB` and `MiB` for sizes; no spaces"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
