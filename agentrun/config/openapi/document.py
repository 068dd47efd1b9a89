"""The text of an OpenAPI document to JSON, and the references inside it, all within bounds.

A document comes from a team that has nothing to do with this agent, or from a stranger: its references may
run in circles, or multiply like the laughs of a famous XML file.
"""

from __future__ import annotations

import json
from functools import lru_cache
from urllib.parse import unquote

from agentrun.config.nodes import to_json
from agentrun.config.yamlfile import parse_yaml
from agentrun.wire.json import JsonObject, JsonValue

MOST_CHARACTERS = 1 << 20
MOST_VALUES = 200_000
MOST_EXPANDED = 5_000
"""Values of one operation after its references are filled in; more would be no use to a model."""

_DEEPEST = 40


class OpenApiFault(Exception):
    """A document cannot be used.

    Attributes:
        message: what is wrong, to stand alone.
        hint: what helps; may be empty.
        about_operation: the wish is at fault and not the document.

    """

    def __init__(self, message: str, hint: str = "", *, about_operation: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.about_operation = about_operation


@lru_cache(maxsize=8)
def parse_document(text: str) -> JsonObject:
    """Return a document as JSON; do not change it, others get the same one.

    Raises:
        OpenApiFault: it is neither JSON nor YAML, or no OpenAPI 3 document.

    """
    if len(text) > MOST_CHARACTERS:
        raise OpenApiFault("the document is larger than 1 MiB", "cut it down to the operations that you use")
    document = _parse(text)
    version = str(document.get("openapi", "")) if isinstance(document, dict) else ""
    if version.startswith(("3.0", "3.1")) and isinstance(document.get("paths"), dict):
        return dict(document)
    if isinstance(document, dict) and "swagger" in document:
        raise OpenApiFault("this is a document of Swagger 2", "convert it to OpenAPI 3")
    raise OpenApiFault(
        "this is no OpenAPI document of version 3.0 or 3.1", "it has the keys `openapi` and `paths`"
    )


def _parse(text: str) -> JsonValue:
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        try:
            return json.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError):
            pass  # YAML in braces is YAML too
    node, findings = parse_yaml(text, "", most_nodes=MOST_VALUES, most_entries=MOST_VALUES)
    faults = [finding for finding in findings if finding.severity == "error"]
    if faults or node is None:
        place = f"line {faults[0].span.line}: {faults[0].message}" if faults else "it is empty"
        raise OpenApiFault(f"the document is neither JSON nor YAML: {place}")
    return to_json(node)


class References:
    """Fills in `$ref`s of one document.

    A schema that contains itself ends at the second time with a schema that takes anything.
    """

    def __init__(self, document: JsonObject) -> None:
        self._document = document
        self._left = MOST_EXPANDED

    def resolve(self, node: JsonValue) -> JsonValue:
        """Return a node, or what it refers to if it is nothing but a reference.

        Raises:
            OpenApiFault: the reference leads nowhere, out of the document, or in a circle.

        """
        for _ in range(_DEEPEST):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node
            node = self._find(node["$ref"])
        raise OpenApiFault("a reference of the document leads in a circle")

    def expand(self, node: JsonValue, above: tuple[str, ...] = (), depth: int = 0) -> JsonValue:
        """Return a schema with everything filled in that it refers to.

        Raises:
            OpenApiFault: as `resolve`, or it is too large.

        """
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise OpenApiFault(f"the operation expands to more than {MOST_EXPANDED} values or is too deep")
        if isinstance(node, list):
            return [self.expand(item, above, depth + 1) for item in node]
        if not isinstance(node, dict):
            return node
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {str(name): self.expand(item, above, depth + 1) for name, item in node.items()}
        if reference in above:
            return {}
        found = self.expand(self._find(reference), (*above, reference), depth + 1)
        beside = {name: item for name, item in node.items() if name != "$ref"}
        return {**found, **beside} if isinstance(found, dict) else found

    def _find(self, reference: str) -> JsonValue:
        if not reference.startswith("#/"):
            hint = "put all parts into one document"
            raise OpenApiFault(f"the document refers to another one: `{reference[:100]}`", hint)
        node: JsonValue = self._document
        for part in reference[2:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            try:
                node = node[int(name)] if isinstance(node, list) else node[name]
            except (LookupError, TypeError, ValueError):
                raise OpenApiFault(f"the reference `{reference[:100]}` leads nowhere") from None
        return node
