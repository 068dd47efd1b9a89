"""What a model is offered in one response: functions of the client and tools of MCP servers, in one shape.

A mind knows functions only. A hosted tool is offered as a function, and the name of the call tells which it
was. Names of MCP tools may be longer than a function's, hold dots, and clash; so the name that is offered is
made here, the same for the same session.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from agentrun.engine.hosting.catalogue import Catalogue
from agentrun.engine.hosting.definitions import find_server, needs_approval
from agentrun.engine.hosting.values import HostedServer, HostedTool
from agentrun.wire.json import JsonObject, JsonValue

_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Offer:
    """A hosted tool that a model may call."""

    server: HostedServer
    tool: str
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class Toolbox:
    """The tools of one response.

    Attributes:
        tools: in the shape of function tools.
        choice: the tool choice, in terms of functions.
        offers: by the name of the function, those that are hosted.

    """

    tools: Sequence[JsonObject]
    choice: JsonValue
    offers: Mapping[str, Offer]

    def name_tools(self) -> dict[tuple[str, str], str]:
        """Return, by server label and tool, the names of the functions that are hosted."""
        return {(offer.server.label, offer.tool): name for name, offer in self.offers.items()}


def simplify_name(tool: str) -> str:
    """Return the name of an MCP tool as a function may be called."""
    return _ILLEGAL.sub("_", tool)[:_LONGEST_NAME]


def make_toolbox(tools: Iterable[JsonObject], choice: JsonValue, catalogue: Catalogue) -> Toolbox:
    """Return what a response that starts now can offer.

    A choice that cannot be met yet (a server that is still being listed) leaves the model to its words.

    Args:
        tools: of the session or the response, complete.
        choice: their `tool_choice`.
        catalogue: what servers have listed.

    """
    tools = list(tools)
    taken = {tool["name"] for tool in tools if tool["type"] == "function"}
    functions: list[JsonObject] = []
    offers: dict[str, Offer] = {}
    for tool in tools:
        if tool["type"] == "function":
            functions.append(tool)
            continue
        server = find_server(tool)
        for hosted in catalogue.find_tools(tool):
            name = _pick_name(server.label, hosted.name, taken)
            taken.add(name)
            offers[name] = Offer(server, hosted.name, needs_approval(tool, hosted))
            functions.append(_render_function(name, hosted, tool.get("server_description") or ""))
    return _choose(functions, choice, offers)


def _choose(functions: list[JsonObject], choice: JsonValue, offers: Mapping[str, Offer]) -> Toolbox:
    if not functions and choice == "required":
        return Toolbox(functions, "none", offers)
    if not isinstance(choice, dict) or choice["type"] != "mcp":
        return Toolbox(functions, choice, offers)
    label, wanted = choice["server_label"], choice.get("name")
    names = [
        name for name, offer in offers.items() if offer.server.label == label and wanted in (None, offer.tool)
    ]
    if not names:
        return Toolbox(functions, "none", offers)
    if wanted is not None:
        return Toolbox(functions, {"type": "function", "name": names[0]}, offers)
    return Toolbox([tool for tool in functions if tool["name"] in names], "required", offers)


def _pick_name(label: str, name: str, taken: AbstractSet[str]) -> str:
    plain, full = simplify_name(name), simplify_name(f"{label}_{name}")
    numbered = (f"{plain[: _LONGEST_NAME - 5]}_{number}" for number in itertools.count(2))
    return next(candidate for candidate in itertools.chain((plain, full), numbered) if candidate not in taken)


def _render_function(name: str, tool: HostedTool, server_description: str) -> JsonObject:
    return {
        "type": "function",
        "name": name,
        "description": tool.description or server_description,
        "parameters": tool.input_schema,
    }
