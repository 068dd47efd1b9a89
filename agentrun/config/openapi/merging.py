"""An operation joined with the tool of the file that names it; the file's own words win."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from agentrun.config.model import AgentSpec, HttpSpec, ToolSpec
from agentrun.config.openapi.document import OpenApiFault, parse_document
from agentrun.config.openapi.operation import Argument, Operation, find_operation
from agentrun.config.openapi.reading import is_remote
from agentrun.diagnostics import Diagnostic, Span, diagnose
from agentrun.errors import ConfigError
from agentrun.plan import Text
from agentrun.secret import reveal
from agentrun.wire.json import JsonObject, JsonValue

ReadDocument = Callable[[str, tuple[str, ...]], str]
"""Address and `allow_hosts` to the text of a document; raises OSError if it cannot be had."""


def expand_tools(spec: AgentSpec, operations: Mapping[int, Operation]) -> AgentSpec:
    """Return an agent whose tools with an operation say everything themselves, by their index."""
    tools = tuple(
        merge_operation(tool, operations[index]) if index in operations else tool
        for index, tool in enumerate(spec.tools)
    )
    return replace(spec, tools=tools)


def expand_remote_tools(spec: AgentSpec, read_document: ReadDocument) -> AgentSpec:
    """Return an agent whose tools with a document at an address say everything themselves.

    Raises:
        ConfigError: a document cannot be had or used.

    """
    operations: dict[int, Operation] = {}
    problems = []
    for index, tool in enumerate(spec.tools):
        http = tool.http
        if http is None or http.openapi is None:
            continue
        try:
            operations[index] = _read_operation(http, reveal(http.openapi), read_document)
        except (OpenApiFault, OSError) as fault:
            problems.append(_report(spec.path, index, http.openapi, fault))
    if problems:
        raise ConfigError(problems)
    return expand_tools(spec, operations)


def _read_operation(http: HttpSpec, address: str, read_document: ReadDocument) -> Operation:
    if not is_remote(address):  # a file whose name was not known when files were read
        hint = "write it out, or list the variable under `public_env`"
        raise OpenApiFault("the name of the document depends on the environment", hint)
    document = parse_document(read_document(address, http.allow_hosts))
    operation = find_operation(document, http.operation or "", address)
    if http.url is None:
        _check_host(operation, address, http.allow_hosts)
    return operation


def _report(file: str, index: int, document: Text, fault: OpenApiFault | OSError) -> Diagnostic:
    hint = fault.hint if isinstance(fault, OpenApiFault) else ""
    code = "AR418" if isinstance(fault, OpenApiFault) and fault.about_operation else "AR417"
    path = ("tools", index, "http", "openapi")
    return diagnose(code, f"`{document}`: {fault}", Span(file, 1, 1, 1, 1), hint=hint, path=path)


def _check_host(operation: Operation, address: str, allow_hosts: tuple[str, ...]) -> None:
    """Keep the keys of the file from a server that a stranger's document names."""
    if operation.url is None:
        raise OpenApiFault("the document does not say where its server is", "say it with `url`")
    home, server = urlsplit(address), urlsplit(operation.url)
    named = (server.hostname, f"{server.hostname}:{server.port}")
    if server.netloc != home.netloc and not any(host.lower() in named for host in allow_hosts):
        hint = f"if that is right, say `allow_hosts: [{server.hostname}]`, or give the `url`"
        raise OpenApiFault(f"its server is another host, `{server.hostname}`", hint)


def merge_operation(tool: ToolSpec, operation: Operation) -> ToolSpec:
    """Return a tool that needs no document any more."""
    http = tool.http
    assert http is not None
    left = [argument for argument in operation.arguments if _is_open(argument, tool, http)]
    http = replace(
        http,
        openapi=None,
        operation=None,
        method=http.method or operation.method,
        url=http.url if http.url is not None else operation.url,
        query={**_templates(left, "query"), **http.query},
        headers={**_templates(left, "header"), **http.headers},
        **({} if _has_body(http) else _make_body(operation, left)),
    )
    return replace(
        tool,
        name=tool.name or operation.name,
        description=tool.description or operation.description or None,
        parameters=tool.parameters if tool.parameters is not None else _make_parameters(left),
        http=http,
    )


def _has_body(http: HttpSpec) -> bool:
    return any(body is not None for body in (http.json, http.form, http.body))


def _is_open(argument: Argument, tool: ToolSpec, http: HttpSpec) -> bool:
    """Tell whether an argument is still the model's to give."""
    if tool.parameters is not None and argument.name not in tool.parameters.get("properties", {}):
        return False
    match argument.place:
        case "query":
            return argument.wire_name not in http.query
        case "header":
            return argument.wire_name.lower() not in {name.lower() for name in http.headers}
        case "body":
            return not _has_body(http)
    return http.url is None or f"{{{{{argument.name}}}}}" in str(http.url).replace(" ", "")


def _templates(arguments: list[Argument], place: str) -> JsonObject:
    return {a.wire_name: f"{{{{{a.name}}}}}" for a in arguments if a.place == place}


def _make_body(operation: Operation, arguments: list[Argument]) -> JsonObject:
    inside = [argument for argument in arguments if argument.place == "body"]
    if not inside:
        return {}
    whole = inside[0].wire_name == ""
    value: JsonValue = f"{{{{{inside[0].name}}}}}" if whole else _templates(inside, "body")
    match operation.body:
        case "json":
            return {"json": value}
        case "form" if not whole:
            return {"form": value}
        case _:
            return {"body": value}


def _make_parameters(arguments: list[Argument]) -> JsonObject:
    made: JsonObject = {"type": "object", "properties": {a.name: a.schema for a in arguments}}
    required = [argument.name for argument in arguments if argument.required]
    return {**made, "required": required} if required else made
