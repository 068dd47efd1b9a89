"""One operation of a document as a request with templates and a schema of its arguments.

Parameters of path, query and header and the members of the body become arguments side by side. Each has a
name that a template can hold: `filter[name]` becomes `filter_name`. A name that stands in two places gets its
place behind it: `id`, `id_query`. A body that is no object is one argument, `body`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from agentrun.config.openapi.document import OpenApiFault, References
from agentrun.config.openapi.schemas import find_schema_fault, translate_schema
from agentrun.config.suggest import suggest
from agentrun.wire.json import JsonObject, JsonValue

METHODS = ("get", "head", "post", "put", "patch", "delete")
BodyKind: TypeAlias = Literal["", "json", "form", "text"]
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})  # as the specification says
_MOST_OF_A_DESCRIPTION = 1000


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an operation.

    Attributes:
        name: as the model sees it.
        place: `path`, `query`, `header` or `body`.
        wire_name: as the service knows it; empty for a body that is one argument.
        schema: JSON Schema.

    """

    name: str
    place: str
    wire_name: str
    schema: JsonObject
    required: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    Attributes:
        url: with `{{argument}}` in its path; None if the document does not say on which server.
        body: how the body is written; empty if there is none.

    """

    name: str
    description: str
    method: str
    url: str | None
    arguments: tuple[Argument, ...] = ()
    body: BodyKind = ""


def find_operation(document: JsonObject, wanted: str, address: str = "") -> Operation:
    """Return an operation of a document.

    Args:
        document: see `parse_document`.
        wanted: an `operationId`, or method and path: `GET /orders/{id}`.
        address: where the document comes from, for servers that are given relative to it; empty for a file.

    Raises:
        OpenApiFault: there is none, or it cannot be a tool.

    """
    known: dict[str, None] = {}
    for path, item, method, node in _walk(document):
        written = f"{method.upper()} {path}"
        identity = node.get("operationId")
        known[str(identity or written)] = None
        if wanted == identity or _same_way(wanted, written):
            return _Builder(document, path, method, item, node).build(wanted, address)
    hint = suggest(wanted, known) if known else "the document has no operation"
    raise OpenApiFault(f"the document has no operation `{wanted}`", hint, about_operation=True)


def _walk(document: JsonObject) -> Iterator[tuple[str, JsonObject, str, JsonObject]]:
    references = References(document)
    for path, found in document["paths"].items():
        item = references.resolve(found)
        for method in METHODS if isinstance(item, dict) else ():
            if isinstance(node := item.get(method), dict):
                yield str(path), item, method, node


def _same_way(wanted: str, written: str) -> bool:
    method, _, path = wanted.partition(" ")
    return f"{method.upper()} {path.strip()}" == written


def make_tool_name(wanted: str) -> str:
    """Return the name of a tool made from an operation: 64 letters, digits, `_` and `-` at most."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", wanted).strip("_")[:64] or "operation"


class _Builder:
    def __init__(
        self, document: JsonObject, path: str, method: str, item: JsonObject, node: JsonObject
    ) -> None:
        self._document = document
        self._references = References(document)
        self._path = path
        self._method = method
        self._item = item
        self._node = node
        self._arguments: dict[str, Argument] = {}

    def build(self, wanted: str, address: str) -> Operation:
        for parameter in self._find_parameters():
            self._add_parameter(parameter)
        body = self._add_body()
        words = [self._node.get("summary"), self._node.get("description")]
        text = "\n".join(
            dict.fromkeys(word.strip() for word in words if isinstance(word, str) and word.strip())
        )
        return Operation(
            name=make_tool_name(wanted),
            # Only the file's own words are a template.
            description=text[:_MOST_OF_A_DESCRIPTION].replace("{{", "{ {"),
            method=self._method.upper(),
            url=self._make_url(address),
            arguments=tuple(self._arguments.values()),
            body=body,
        )

    def _find_parameters(self) -> list[JsonObject]:
        """Return the parameters of the path and those of the operation, which win."""
        found: dict[tuple[str, str], JsonObject] = {}
        for node in (self._item.get("parameters"), self._node.get("parameters")):
            for entry in node if isinstance(node, list) else ():
                parameter = self._references.resolve(entry)
                if isinstance(parameter, dict) and isinstance(parameter.get("name"), str):
                    found[parameter["name"], str(parameter.get("in"))] = parameter
        return list(found.values())

    def _add_parameter(self, parameter: JsonObject) -> None:
        name, place = parameter["name"], parameter.get("in")
        required = parameter.get("required") is True or place == "path"
        if place == "header" and name.lower() in _IGNORED_HEADERS:
            return
        if place not in ("path", "query", "header") or parameter.get("style") in (
            "deepObject",
            "label",
            "matrix",
        ):
            if required:
                style = parameter.get("style", place)
                raise OpenApiFault(
                    f"the parameter `{name}` of the operation is a `{style}`, which tools cannot send"
                )
            return
        schema = self._read_schema(_find_schema(parameter), parameter.get("description"))
        exploded = parameter.get("explode", parameter.get("style", "form") == "form") and place == "query"
        if schema.get("type") == "array" and not exploded:
            # In a path or a header a list is one text; the model writes it as such.
            hint = " ".join(filter(None, [schema.get("description"), "(values with commas between them)"]))
            schema = {"type": "string", "description": hint}
        self._add(name, place, schema, required)

    def _read_schema(self, node: JsonValue, description: JsonValue = None) -> JsonObject:
        schema = translate_schema(self._references.expand(node))
        if not isinstance(schema, dict):
            return {}
        if fault := find_schema_fault(schema):
            raise OpenApiFault(f"a schema of the operation is none: {fault}")
        return {**schema, "description": description} if isinstance(description, str) else schema

    def _add(self, wire_name: str, place: str, schema: JsonObject, required: bool) -> None:
        base = re.sub(r"\W+", "_", wire_name or "body", flags=re.ASCII).strip("_") or "value"
        base = base if not base[0].isdigit() else f"_{base}"
        name, number = base, 1
        while name in self._arguments:
            name = f"{base}_{place}" if number == 1 else f"{base}_{place}_{number}"
            number += 1
        self._arguments[name] = Argument(name, place, wire_name, schema, required)

    def _add_body(self) -> BodyKind:
        body = self._references.resolve(self._node.get("requestBody"))
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, dict) or not content:
            return ""
        kind, media = _choose_media(content)
        required = body.get("required") is True
        if not kind:
            if required:
                raise OpenApiFault(f"the operation takes `{next(iter(content))}`, which tools cannot send")
            return ""
        schema = self._read_schema(media.get("schema") if isinstance(media, dict) else None)
        members = _find_members(schema) if kind != "text" else None
        if members is None:
            self._add("", "body", schema if kind != "text" else {"type": "string"}, required)
            return kind
        properties, needed = members
        for name, inner in properties.items():
            self._add(name, "body", inner if isinstance(inner, dict) else {}, required and name in needed)
        return kind

    def _make_url(self, address: str) -> str | None:
        server = _find_server(self._node, self._item, self._document)
        url = urljoin(address, server) if address else server
        if urlsplit(url).scheme not in ("http", "https"):
            return None
        by_name = {a.wire_name: a.name for a in self._arguments.values() if a.place == "path"}

        def fill(match: re.Match[str]) -> str:
            if match[1] not in by_name:
                raise OpenApiFault(f"the path of the operation has `{match[0]}`, which is no parameter of it")
            return f"{{{{{by_name[match[1]]}}}}}"

        parts = re.split(r"(\{[^{}]*\})", self._path)
        path = "".join(
            re.sub(r"\{([^{}]*)\}", fill, part)
            if part.startswith("{")
            else quote(part, safe="/:@!$&'()*+,;=-._~%")
            for part in parts
        )
        return url.rstrip("/") + path


def _find_schema(parameter: JsonObject) -> JsonValue:
    content = parameter.get("content")
    if isinstance(content, dict) and content:
        media = next(iter(content.values()))
        return media.get("schema") if isinstance(media, dict) else None
    return parameter.get("schema")


def _choose_media(content: JsonObject) -> tuple[BodyKind, JsonValue]:
    for name, media in content.items():
        if re.fullmatch(r"(application|\*)/(.*\+)?(json|\*)", name.partition(";")[0].strip().lower()):
            return "json", media
    for name, media in content.items():
        if name.startswith("application/x-www-form-urlencoded"):
            return "form", media
    for name, media in content.items():
        if name.startswith("text/"):
            return "text", media
    return "", None


def _find_members(schema: JsonObject) -> tuple[JsonObject, set[str]] | None:
    """Return the properties of an object and the names that it needs; None if it is not simply an object."""
    if {"oneOf", "anyOf", "not"} & schema.keys():
        return None
    properties: JsonObject = {}
    needed: set[str] = set()
    for part in schema.get("allOf", []):
        inner = _find_members(part) if isinstance(part, dict) else None
        if inner is None:
            return None
        properties |= inner[0]
        needed |= inner[1]
    own = schema.get("properties")
    if isinstance(own, dict):
        properties |= own
    required = schema.get("required")
    needed |= {str(name) for name in required} if isinstance(required, list) else set()
    return (properties, needed) if properties else None


def _find_server(*nodes: JsonObject) -> str:
    """Return the first server of the nearest node that names one, with the defaults of its variables."""
    for node in nodes:
        servers = node.get("servers")
        server = servers[0] if isinstance(servers, list) and servers else None
        if isinstance(server, dict) and isinstance(server.get("url"), str):
            variables = server.get("variables")
            url: str = server["url"]
            for name, variable in variables.items() if isinstance(variables, dict) else ():
                if isinstance(variable, dict):
                    url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
            return url
    return "/"
