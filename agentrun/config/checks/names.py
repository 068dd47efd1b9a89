"""Checks of `{{names}}`, of variables, and of where secrets stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice

from agentrun.config.checks.case import AgentCase
from agentrun.config.nodes import Path, YamlMap, YamlScalar, find_map, find_node
from agentrun.config.places import locate
from agentrun.config.suggest import suggest
from agentrun.config.templates import BUILT_IN_NAMES, VARIABLE_NAME, find_templates
from agentrun.diagnostics import Diagnostic, diagnose
from agentrun.secret import Secret, reveal

_MOST_TEMPLATES = 200  # of one text; locating each is a search, and no honest text has so many
_RESERVED = ("call", "now", "today")
# Texts that the model reads or the caller hears. `*` stands for any index.
_SPOKEN: frozenset[Path] = frozenset(
    {
        ("instructions",),
        ("greeting",),
        ("greeting", "say"),
        ("greeting", "instructions"),
        ("tools", "*", "description"),
        ("tools", "*", "placeholder"),
        ("tools", "*", "placeholder", "say"),
        ("tools", "*", "placeholder", "instructions"),
        ("handoffs", "*", "when"),
        ("handoffs", "*", "say"),
        ("guardrails", "*", "say"),
        ("no_input", "prompts", "*"),
    }
)
# Where a value of the environment may stand: on its way to a server, or in the hands of the user's own code.
_SECRET_PLACES: tuple[Path, ...] = (
    ("model", "api_key"),
    ("model", "base_url"),
    ("tools", "*", "http"),
    ("mcp_servers",),
    ("variables",),
)


def _pattern(path: Path) -> Path:
    return tuple("*" if isinstance(part, int) else part for part in path)


def _is_http(path: Path) -> bool:
    return _pattern(path)[:3] == ("tools", "*", "http")


def _find_texts(case: AgentCase) -> Iterator[tuple[Path, YamlScalar, str]]:
    """Yield every value with `{{names}}` that are filled in, with its path and its text."""
    for path, scalar in case.scalars:
        text = _read_text(scalar)
        if "{{" in text and path != ("instructions",) and (_pattern(path) in _SPOKEN or _is_http(path)):
            yield path, scalar, text
    if case.instructions is not None:
        yield ("instructions",), case.instructions, _read_text(case.instructions)


def _read_text(scalar: YamlScalar) -> str:
    return reveal(scalar.value) if isinstance(scalar.value, str | Secret) else ""


def _may_take_more(case: AgentCase, path: Path) -> bool:
    """Return whether the arguments of a tool stand elsewhere, or in a form that cannot be read."""
    if not _is_http(path):
        return False
    declared = find_node(case.tree, (*path[:2], "parameters"))
    if declared is None:
        remote = find_node(case.tree, (*path[:3], "openapi")) is not None
        return remote and case.operation(path[:2]) is None
    return find_map(case.tree, *path[:2], "parameters", "properties") is None


def _find_arguments(case: AgentCase, path: Path) -> Collection[str]:
    operation = case.operation(path[:2]) if _is_http(path) else None
    if operation is not None and find_node(case.tree, (*path[:2], "parameters")) is None:
        return [argument.name for argument in operation.arguments]
    properties = find_map(case.tree, *path[:2], "parameters", "properties") if _is_http(path) else None
    return properties.entries.keys() if properties else ()


def _is_secret(case: AgentCase, name: str) -> bool:
    node = case.variables().get(name)
    if isinstance(node, YamlMap):
        flag, default = find_node(node, ("secret",)), find_node(node, ("default",))
        marked = isinstance(flag, YamlScalar) and flag.value is True
        return marked or (isinstance(default, YamlScalar) and isinstance(default.value, Secret))
    return isinstance(node, YamlScalar) and isinstance(node.value, Secret)


def check_names(case: AgentCase) -> Iterator[Diagnostic]:
    """Every `{{name}}` is known, and no secret goes to the model."""
    for path, scalar, text in _find_texts(case):
        known = [*case.variables(), *_find_arguments(case, path), *BUILT_IN_NAMES]
        seen: Counter[str] = Counter()
        for template in islice(find_templates(text), _MOST_TEMPLATES):
            occurrence = seen[template.written]
            seen[template.written] += 1
            is_secret = template.name is not None and not _is_http(path) and _is_secret(case, template.name)
            if template.name in known and not is_secret:
                continue
            span = locate(case.texts, scalar.span, template.written, occurrence)
            if not template.closed:
                hint = "two braces open a name and two close it: `{{name}}`"
                yield diagnose("AR106", f"`{template.written}` is not closed", span, hint=hint, path=path)
            elif template.name is None:
                hint = "a template holds one name of letters a to z, digits and `_`, and nothing else"
                message = f"`{template.written}` is not a name"
                yield diagnose("AR106", message, span, hint=hint, path=path)
            elif template.name not in known and _may_take_more(case, path):
                continue
            elif template.name not in known:
                hint = suggest(template.name, known)
                if _is_http(path) and find_node(case.tree, (*path[:2], "parameters")) is None:
                    hint = "an argument of the tool is declared under `parameters`"
                message = f"nothing is called `{template.name}` here"
                yield diagnose("AR104", message, span, hint=hint, path=path)
            else:
                hint = "use it in an `http` tool, or remove `secret`"
                message = f"the secret variable `{template.name}` would be told to the model"
                yield diagnose("AR109", message, span, hint=hint, path=path)


def check_variables(case: AgentCase) -> Iterator[Diagnostic]:
    """Variables have usable names, and each is used.

    While some `{{…}}` is unknown or malformed it may be the one that was meant, so nothing is called unused.
    """
    settled = not any(True for _ in check_names(case))
    used = {template.name for _, _, text in _find_texts(case) for template in find_templates(text)}
    has_python = any("python" in tool.entries for _, tool in case.tools())
    declared = find_map(case.tree, "variables")
    for name, entry in declared.entries.items() if declared else ():
        path = ("variables", name)
        if not VARIABLE_NAME.fullmatch(name) or name in _RESERVED:
            hint = "letters, digits and `_`; not `call`, `now` or `today`"
            yield diagnose("AR108", f"a variable cannot be called `{name}`", entry.key, hint=hint, path=path)
        elif settled and name not in used and not has_python:
            hint = f"fill it in with `{{{{{name}}}}}`, or remove it"
            yield diagnose("AR105", f"the variable `{name}` is never used", entry.key, hint=hint, path=path)


def check_secret_places(case: AgentCase) -> Iterator[Diagnostic]:
    """No value of the environment stands where it would be sent to the model or shown."""
    for path, scalar in case.scalars:
        if not isinstance(scalar.value, Secret) or str(path[0]).startswith("x-"):
            continue
        pattern = _pattern(path)
        if not any(pattern[: len(place)] == place for place in _SECRET_PLACES):
            hint = "list the variable under `public_env` if everybody may see its value"
            message = "a secret value of the environment would be shown here"
            yield diagnose("AR103", message, scalar.span, hint=hint, path=path)
