"""Fields that are part of the format and that this version does not act on yet: one note each."""

from __future__ import annotations

from collections.abc import Iterator

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, YamlScalar, find_key, find_node, find_text, path_in_file
from agentrun.diagnostics import Diagnostic, diagnose, show_path

LATER_FIELDS: tuple[Path, ...] = (
    ("model", "region"),
    ("handoffs",),
    ("guardrails",),
    ("interruption",),
    ("no_input",),
    ("session", "rollover"),
    ("session", "reconnect"),
    ("session", "end_call_after"),
    ("context", "history"),
    ("context", "summarize"),
    ("budget",),
    ("transcript", "store"),
    ("transcript", "redact"),
)
LATER_CONFIRM = "operator"
HTTP_ONLY_FIELDS: tuple[Path, ...] = (("key_header",), ("retry",))
CALL_SCOPE = "call"
"""The one `key_scope` of tools that are not `http`: among calls, only a service can know a key."""
LATER_BUILTINS = ("transfer", "send_dtmf", "wait")
LATER_SCENARIOS = "scenario files are checked, and `agentrun simulate` does not run them yet"


def check_later_fields(case: AgentCase) -> Iterator[Diagnostic]:
    """Each field that is accepted and not acted on is named once."""
    paths = list(LATER_FIELDS)
    for path, tool in case.rules():
        if "http" in tool.entries:
            continue
        scope = find_text(tool, "key_scope")
        paths += [(*path, "key_scope")] if scope is not None and scope.value != CALL_SCOPE else []
        paths += [(*path, *field) for field in HTTP_ONLY_FIELDS]
    for path in paths:
        if find_node(case.tree, path) is not None:
            message = f"`{show_path(path_in_file(case.tree, path))}` is not supported yet and has no effect"
            yield diagnose("AR901", message, find_key(case.tree, path), path=path)


def check_later_confirm(case: AgentCase) -> Iterator[Diagnostic]:
    """What an operator must approve does not run, because nobody can be asked yet."""
    for path, tool in case.rules():
        confirm = find_text(tool, "confirm")
        if confirm is not None and confirm.value == LATER_CONFIRM:
            message = "`confirm: operator` is not supported yet: each call of the tool is refused"
            yield diagnose("AR901", message, confirm.span, path=(*path, "confirm"))


def check_later_builtins(case: AgentCase) -> Iterator[Diagnostic]:
    """Builtin tools that do not exist yet are named."""
    for path, _ in case.tools():
        name = case.text(*path, "builtin") or case.text(*path, "builtin", "name")
        if isinstance(name, YamlScalar) and name.value in LATER_BUILTINS:
            message = f"the builtin tool `{name.value}` is not supported yet and is not offered to the model"
            yield diagnose("AR901", message, name.span, path=(*path, "builtin"))
