"""Write the pages that follow from the code: `python -m docs.generate`, or `make docs`.

`render_pages` returns them as text; a test compares them with the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from agentrun.cli import app
from agentrun.config import build_agent_schema, build_scenario_schema
from agentrun.config.checks import later
from agentrun.diagnostics import CODES, Code
from agentrun.wire.json import JsonObject

DOCS = Path(__file__).parent
MADE = "<!-- Made by `make docs` from the code; edit there. -->"
HELP_COLUMNS = "92"

_AGENT_FILE = """\
One YAML file is one agent. [Write an agent file](../guides/agent-file.md) explains it by example; this page
lists every field as `agentrun schema agent` has it. Fields marked *not yet* are accepted and have no effect
so far; `agentrun validate` names each of them with a note, and [one page](../not-yet.md) lists them all.

Times are texts with a unit: `700ms`, `8s`, `15m`, `1h`. Fields that mirror the Realtime API keep its names
and its `_ms` integers. Keys that begin with `x-` are yours. What an agent does in a conversation is rehearsed
with [scenario files](scenario-file.md).
"""
_SCENARIO_FILE = """\
A scenario rehearses one conversation with an agent and says what must come of it. This page lists every field
as `agentrun schema scenario` has it. `agentrun validate` checks scenario files, alone or in a folder, against
the schema and against their agent: its tools, their arguments, its variables. They are
[not run yet](../not-yet.md).

Times are texts with a unit: `700ms`, `8s`, `15m`, `1h`. Keys that begin with `x-` are yours.
"""
_CLI = """\
Data goes to stdout, everything said about it to stderr. `NO_COLOR`, `FORCE_COLOR` and `CI` are respected, and
nothing prompts where there is no terminal.

| Exit code | Meaning |
|---|---|
| 0 | fine |
| 1 | findings |
| 2 | wrong usage, or input that cannot be read |
| 3 | a bug of agentrun |
| 4 | the environment failed: provider, network, quota, missing engine |
| 5 | nothing matched: no agent file |
| 130 | interrupted |
"""
_DIAGNOSTICS = """\
Every finding of `agentrun validate` has a code. `agentrun explain CODE` prints what stands here. The examples
are parts of an agent file, those of AR6xx of a scenario file; keys that they do not need are left out. A
comment at the end of a line, `# agentrun: allow CODE reason`, keeps a warning or a note on that line back.
"""
_NOT_YET = """\
The format of the agent file is complete, so that files can be written for what is to come. These fields are
checked and accepted, and have no effect in this version. `agentrun validate` says so with a note (AR901) at
each place where one stands; nothing is ignored silently.
"""
_COMMANDS_NOT_YET = """\
## Commands

These belong to the design and do not exist yet: `agentrun talk` and `calls`. Scenario files are checked by
`agentrun validate` (with a note, AR901), and `agentrun simulate AGENT SCENARIO…` refuses them with a
message.

## Channels

Calls come from the page of `agentrun serve` and, in writing, from `agentrun simulate`. Telephony (Twilio,
Asterisk, SIP), WebRTC and the microphone of the machine come later.
"""


def render_pages() -> dict[str, str]:
    """Return the text of each page by its path under `docs/`."""
    return {
        "reference/agent-file.md": render_agent_file(),
        "reference/scenario-file.md": render_scenario_file(),
        "reference/cli.md": render_cli(),
        "reference/diagnostics.md": render_diagnostics(),
        "not-yet.md": render_not_yet(),
    }


def render_agent_file() -> str:
    """Return the page of the agent file's fields, one table for each mapping."""
    parts = [f"{MADE}\n\n# The agent file\n\n{_AGENT_FILE}"]
    parts += _render_mapping("", build_agent_schema())
    return "\n".join(parts)


def render_scenario_file() -> str:
    """Return the page of the scenario file's fields."""
    parts = [f"{MADE}\n\n# The scenario file\n\n{_SCENARIO_FILE}"]
    parts += _render_mapping("", build_scenario_schema())
    return "\n".join(parts)


def _render_mapping(path: str, schema: JsonObject) -> Iterator[str]:
    """Yield the section of one mapping, and then those of the mappings inside it."""
    properties: JsonObject = schema["properties"]
    if path:
        yield f"## {path}\n\n{schema['description']}.\n"
    yield "| Field | Value | Example | Meaning |\n|---|---|---|---|"
    for name, field in properties.items():
        required = ", **required**" if name in schema.get("required", ()) else ""
        marks = " *Not yet.*" if _is_later(_join(path, name)) else ""
        meaning = f"{field.get('description', '')}.{marks}".replace("|", "\\|")
        value, example = _describe(field, _join(path, name)), _show_example(field)
        yield f"| `{name}` | {value}{required} | {example} | {meaning} |"
    yield ""
    for name, field in properties.items():
        for inner_path, inner in _find_mappings(_join(path, name), field):
            yield from _render_mapping(inner_path, inner)


def _show_example(schema: JsonObject) -> str:
    """Return a field's example as it may stand in a file."""
    flow = yaml.safe_dump(schema["examples"][0], default_flow_style=True, sort_keys=False, width=10_000)
    text = flow.removesuffix("\n").removesuffix("\n...").replace("|", "\\|")
    return f"`{text}`"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _find_mappings(path: str, schema: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield the mappings with named keys that a field holds itself, in a list, or under free names."""
    if "properties" in schema:
        yield path, schema
    if isinstance(items := schema.get("items"), dict):
        yield from _find_mappings(f"{path}[]", items)
    if isinstance(values := schema.get("additionalProperties"), dict):
        yield from _find_mappings(f"{path}.NAME", values)


def _is_later(path: str) -> bool:
    fields = {".".join(map(str, field)) for field in later.LATER_FIELDS}
    return path in fields


def _describe(schema: JsonObject, path: str) -> str:
    """Return in a few words what a field's value may be."""
    if "const" in schema:
        return f"`{schema['const']}`"
    words = [*schema.get("enum", ()), *_find_words(schema)]
    types = schema.get("type", "anything")
    kinds = [types] if isinstance(types, str) else list(types)
    texts = [f"`{word}`" for word in words]
    if "title" in schema and "properties" not in schema:
        return str(schema["title"])
    texts += [_describe_kind(kind, schema, path) for kind in kinds if not (kind == "string" and words)]
    return " \\| ".join(texts)


def _find_words(schema: JsonObject) -> list[str]:
    rules = [rule for rule in schema.get("allOf", ()) if rule.get("if") == {"type": "string"}]
    return [word for rule in rules for word in rule["then"]["enum"]]


def _describe_kind(kind: str, schema: JsonObject, path: str) -> str:
    match kind:
        case "string":
            return "text"
        case "integer":
            return "whole number" + _describe_bounds(schema)
        case "number":
            return "number" + _describe_bounds(schema)
        case "boolean":
            return "`true` or `false`"
        case "null":
            return "`null`"
        case "array":
            return "list" + "".join(f" of [{name}](#{_anchor(name)})" for name in _name_items(schema, path))
        case "object":
            inner = [name for name, _ in _find_mappings(path, schema) if not name.startswith(f"{path}[]")]
            return f"[mapping](#{_anchor(inner[0])})" if inner else "mapping"
        case _:
            return kind


def _name_items(schema: JsonObject, path: str) -> list[str]:
    return [name for name, _ in _find_mappings(f"{path}[]", schema.get("items", {}))][:1]


def _describe_bounds(schema: JsonObject) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f", {least} to {most}"
    return "" if least is None else f", at least {least}"


def _anchor(heading: str) -> str:
    """Return the anchor that a heading gets on code hosts."""
    return re.sub(r"[^\w-]", "", heading.lower())


def render_cli() -> str:
    """Return the page of the commands: what `--help` prints for each."""
    parts = [f"{MADE}\n\n# Commands\n\n{_CLI}", _render_help()]
    return "\n".join([*parts, *(_render_help(*words) for words in _list_commands(get_command(app)))])


def _list_commands(group: object, *before: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, those of a group after its own."""
    assert isinstance(group, TyperGroup)
    for name in group.list_commands(Context(group)):
        yield (*before, name)
        if isinstance(group.commands[name], TyperGroup):
            yield from _list_commands(group.commands[name], *before, name)


def _render_help(*command: str) -> str:
    shown = " ".join(("agentrun", *command))
    done = CliRunner().invoke(
        app, [*command, "--help"], prog_name="agentrun", env={"COLUMNS": HELP_COLUMNS, "NO_COLOR": "1"}
    )
    if done.exit_code != 0:
        raise RuntimeError(f"`{shown} --help` failed: {done.output}")
    text = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    return f"## {shown}\n\n```text\n{text}\n```\n"


def render_diagnostics() -> str:
    """Return the page of all codes."""
    return "\n".join([f"{MADE}\n\n# Diagnostics\n\n{_DIAGNOSTICS}", *map(_render_code, CODES.values())])


def _render_code(row: Code) -> str:
    parts = [f"## {row.code}: {row.title}\n\nSeverity: {row.severity}.\n\n{row.story}\n"]
    for label, example in (("Bad", row.bad), ("Good", row.good)):
        if example:
            parts.append(
                f"{label}:\n\n```yaml {'part' if row.kind == 'agent' else 'other'}\n{example}\n```\n"
            )
    return "\n".join(parts)


def render_not_yet() -> str:
    """Return the page of what is accepted and has no effect yet, and of what does not exist yet."""
    fields = [f"* `{'.'.join(map(str, field))}`" for field in later.LATER_FIELDS]
    fields.append(f"* `tools[].confirm: {later.LATER_CONFIRM}`; each call of such a tool is refused")
    fields.append(f"* `tools[].key_scope` other than `{later.CALL_SCOPE}`, of a tool that is not `http`")
    fields += [
        f"* `tools[].{'.'.join(map(str, field))}` of a tool that is not `http`"
        for field in later.HTTP_ONLY_FIELDS
    ]
    fields += [f"* `builtin: {name}`" for name in later.LATER_BUILTINS]
    listing = "\n".join(fields)
    return f"{MADE}\n\n# Not supported yet\n\n{_NOT_YET}\n## Fields\n\n{listing}\n\n{_COMMANDS_NOT_YET}"


def main() -> None:
    """Write every page."""
    for name, text in render_pages().items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
