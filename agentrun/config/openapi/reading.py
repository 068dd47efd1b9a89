"""Where an agent's file meets the OpenAPI documents that it names.

A document that is a file is read with the agent. One at an address is read when the agent is compiled or run,
never while it is checked.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentrun.config.nodes import YamlMap, YamlScalar, find_list, find_text
from agentrun.config.openapi.document import OpenApiFault, parse_document
from agentrun.config.openapi.operation import Operation, find_operation
from agentrun.config.source import SourceError, Sources
from agentrun.diagnostics import Diagnostic, diagnose


def is_remote(name: str) -> bool:
    """Tell whether a document is named by an address."""
    return name.startswith(("http://", "https://"))


def read_operations(tree: YamlMap, sources: Sources) -> tuple[Mapping[int, Operation], list[Diagnostic]]:
    """Return the operations of an agent's tools by the index of the tool, and what is wrong with others."""
    operations: dict[int, Operation] = {}
    findings: list[Diagnostic] = []
    tools = find_list(tree, "tools")
    for index, tool in enumerate(tools.items if tools else ()):
        name, wanted = find_text(tool, "http", "openapi"), find_text(tool, "http", "operation")
        if name is None or wanted is None or is_remote(str(name.value)):
            continue
        path = ("tools", index, "http")
        try:
            operation = find_operation(_read_document(name, sources), str(wanted.value))
            if operation.url is None and find_text(tool, "http", "url") is None:
                hint = "say the whole address with `url`, for example https://api.example.com/orders/{{id}}"
                raise OpenApiFault("the document does not say where its server is", hint)
            operations[index] = operation
        except SourceError as error:
            findings.append(
                diagnose(
                    error.finding.code,
                    error.finding.message,
                    name.span,
                    hint=error.finding.hint,
                    path=(*path, "openapi"),
                )
            )
        except OpenApiFault as fault:
            code, key, place = (
                ("AR418", "operation", wanted) if fault.about_operation else ("AR417", "openapi", name)
            )
            findings.append(diagnose(code, fault.message, place.span, hint=fault.hint, path=(*path, key)))
    return operations, findings


def _read_document(name: YamlScalar, sources: Sources) -> dict[str, object]:
    shown = sources.resolve(str(name.value), name.span)
    return parse_document(sources.read(shown, name.span))
