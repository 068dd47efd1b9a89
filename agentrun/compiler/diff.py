"""What changes from one compiled agent to another: on the wire, for the caller, and inside agentrun."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias

from agentrun.compiler.plainwords import tell_caller
from agentrun.diagnostics.escape import escape_controls, escape_json
from agentrun.plan import CallPlan, PythonTarget
from agentrun.secret import Secret
from agentrun.wire.json import JsonObject, JsonValue

Kind: TypeAlias = Literal["added", "removed", "changed"]
_SIGNS: Mapping[Kind, str] = {"added": "+", "removed": "-", "changed": "~"}
# What the model is told of a tool stands on the wire; inside agentrun only the rest is compared.
_ON_THE_WIRE = ("name", "description", "parameters")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; `before` or `after` is None where there was or is nothing."""

    path: str
    kind: Kind
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class PlanDiff:
    """Everything that differs between two plans.

    Attributes:
        wire: in the `session` that is sent; tools are named, not counted: `session.tools[look_up].name`.
        caller: what the caller will notice, one sentence each.
        inside: in what agentrun does with the plan.

    """

    wire: tuple[Change, ...]
    caller: tuple[str, ...]
    inside: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.wire or self.inside)


def compare_plans(before: CallPlan, after: CallPlan) -> PlanDiff:
    """Return what changes from `before` to `after`; secrets are compared and never shown."""
    wire = (
        *_compare("session", _name_tools(before.session), _name_tools(after.session)),
        *_compare_order(before, after),
    )
    inside = _compare("", _to_tree(before), _to_tree(after))
    return PlanDiff(wire, tuple(tell_caller(before, after)), tuple(inside))


def _compare(path: str, before: JsonValue, after: JsonValue) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}{key}" if key.startswith("[") or not path else f"{path}.{key}"
            if key not in after:
                yield Change(inner, "removed", _show(before[key]), None)
            elif key not in before:
                yield Change(inner, "added", None, _show(after[key]))
            else:
                yield from _compare(inner, before[key], after[key])
    elif before != after or type(before) is not type(after):
        yield Change(path, "changed", _show(before), _show(after))


def _compare_order(before: CallPlan, after: CallPlan) -> Iterator[Change]:
    first, second = ([tool.name for tool in plan.tools] for plan in (before, after))
    common = [[name for name in names if name in first and name in second] for names in (first, second)]
    if common[0] != common[1]:
        yield Change("session.tools", "changed", first, second)


def _name_tools(session: JsonObject) -> JsonObject:
    tools = session.get("tools", [])
    named = {
        f"[{tool.get('name') or tool.get('server_label') or index}]": tool for index, tool in enumerate(tools)
    }
    return {**session, "tools": named}


def _to_tree(plan: CallPlan) -> JsonObject:
    tree: JsonObject = {
        field.name: _to_json(getattr(plan, field.name))
        for field in fields(plan)
        if field.name not in ("session", "tools", "mcp_servers")
    }
    tools = {f"[{tool.name}]": _to_json(tool) for tool in plan.tools}
    servers = {f"[{server.label}]": _to_json(server) for server in plan.mcp_servers}
    return {
        **tree,
        "tools": {name: _without_wire(tool) for name, tool in tools.items()},
        "mcp_servers": servers,
    }


def _without_wire(tool: JsonObject) -> JsonObject:
    return {key: value for key, value in tool.items() if key not in _ON_THE_WIRE}


def _to_json(value: Any) -> Any:
    """Return a plan's values as JSON; a `Secret` stays, so that it can be compared."""
    if is_dataclass(value):
        # Where a project lies on this machine is not part of what it does.
        skipped = ("root",) if isinstance(value, PythonTarget) else ("cwd",)
        return {f.name: _to_json(getattr(value, f.name)) for f in fields(value) if f.name not in skipped}
    if isinstance(value, Mapping):
        return {str(key): _to_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(inner) for inner in value]
    return sorted(value) if isinstance(value, frozenset) else value


def _show(value: JsonValue) -> JsonValue:
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, dict):
        return {key: _show(inner) for key, inner in value.items()}
    return [_show(inner) for inner in value] if isinstance(value, list) else value


def render_diff(diff: PlanDiff) -> str:
    """Return the difference for people."""
    if not diff:
        return "nothing changes\n"
    parts = [
        ("On the wire", [line for change in diff.wire for line in _render_change(change)]),
        ("For the caller", [f"  * {escape_controls(sentence)}" for sentence in diff.caller]),
        ("Inside agentrun", [line for change in diff.inside for line in _render_change(change)]),
    ]
    return "\n".join("\n".join([title, *lines]) + "\n" for title, lines in parts if lines)


def render_diff_json(diff: PlanDiff, before: str, after: str) -> str:
    """Return the difference for programs; `before` and `after` name the two sides."""

    def plain(changes: tuple[Change, ...]) -> list[JsonObject]:
        return [{f.name: getattr(change, f.name) for f in fields(change)} for change in changes]

    document = {
        "format_version": 1,
        "before": before,
        "after": after,
        "wire": plain(diff.wire),
        "caller": list(diff.caller),
        "inside": plain(diff.inside),
    }
    return escape_json(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _render_change(change: Change) -> Iterator[str]:
    head = f"  {_SIGNS[change.kind]} {escape_controls(change.path)}"
    before, after = change.before, change.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before + after:
        yield head
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
        yield from (f"      {escape_controls(line)}" for line in list(lines)[2:])
    elif change.kind == "changed":
        yield f"{head}: {_dump(before)} → {_dump(after)}"
    else:
        yield f"{head}: {_dump(before if change.kind == 'removed' else after)}"


def _dump(value: JsonValue) -> str:
    return escape_controls(json.dumps(value, ensure_ascii=False))
