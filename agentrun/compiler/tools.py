"""From tools in the file to what the model sees and what is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from agentrun.config.model import AgentSpec, HttpSpec, PlaceholderSpec, RetrySpec, ToolRules, ToolSpec
from agentrun.errors import ToolError
from agentrun.plan import (
    BuiltinTarget,
    Effect,
    FunctionSchema,
    HttpTarget,
    Idempotency,
    Placeholder,
    PythonTarget,
    Retry,
    ToolBinding,
    ToolTarget,
)

DescribePython = Callable[[PythonTarget], FunctionSchema]
Fill = Callable[[str], str]

# Failures that pass by themselves; a 500 mostly comes again.
_WORTH_A_RETRY: frozenset[str | int] = frozenset({"connect", "timeout", 429, 502, 503, 504})

_NO_ARGUMENTS = {"type": "object", "properties": {}}

# What the model sees of the builtin tools that work today; the file can say it in its own words.
BUILTINS = {
    "hang_up": FunctionSchema(
        "hang_up",
        "End the call. Use it after the goodbye, when the caller says goodbye or needs nothing more.",
        _NO_ARGUMENTS,
    ),
}


def compile_tools(spec: AgentSpec, fill: Fill, describe_python: DescribePython) -> tuple[ToolBinding, ...]:
    """Return the tools that the model may call, in the order of the file.

    Builtin tools that do not exist yet are left out; `validate` says so.
    """
    runnable = [tool for tool in spec.tools if tool.builtin is None or tool.builtin.name in BUILTINS]
    return tuple(_compile_tool(tool, spec.root, fill, describe_python) for tool in runnable)


def _compile_tool(tool: ToolSpec, root: str, fill: Fill, describe_python: DescribePython) -> ToolBinding:
    target = _make_target(tool, root)
    seen = _describe(tool, target, fill, describe_python)
    bare = ToolBinding(seen.name, seen.description, seen.parameters, target)
    return compile_rules(bare, tool, fill)


def compile_rules(bare: ToolBinding, rules: ToolRules, fill: Fill) -> ToolBinding:
    """Return a binding that runs by the rules of the file."""
    effect = rules.effect or _guess_effect(bare.target)
    return replace(
        bare,
        placeholder=_compile_placeholder(rules.placeholder, fill),
        timeout_ms=rules.timeout_ms,
        deliver=rules.deliver,
        effect=effect,
        on_interrupt=rules.on_interrupt,
        on_hangup=rules.on_hangup or _guess_on_hangup(effect),
        max_per_call=rules.max_per_call,
        confirm=rules.confirm,
        idempotency=_compile_idempotency(rules),
        retry=_compile_retry(rules.retry),
        result_select=rules.result.select,
        result_max_bytes=rules.result.max_bytes,
    )


def _make_target(tool: ToolSpec, root: str) -> ToolTarget:
    if tool.python is not None:
        module, _, function = tool.python.partition(":")
        return PythonTarget(module, function, root)
    if tool.http is not None:
        return _make_http_target(tool.http)
    assert tool.builtin is not None, "the schema wants exactly one kind"
    return BuiltinTarget(tool.builtin.name, {} if tool.builtin.to is None else {"to": tool.builtin.to})


def _make_http_target(http: HttpSpec) -> HttpTarget:
    if http.url is None:
        raise ToolError(f"the OpenAPI document `{http.openapi}` is read before an agent is compiled")
    has_body = any(body is not None for body in (http.json, http.form, http.body))
    return HttpTarget(
        method=http.method or ("POST" if has_body else "GET"),
        url=http.url,
        query=http.query,
        headers=http.headers,
        json=http.json,
        form=http.form,
        body=http.body,
        auth=http.auth,
        allow_hosts=http.allow_hosts,
    )


def _describe(
    tool: ToolSpec, target: ToolTarget, fill: Fill, describe_python: DescribePython
) -> FunctionSchema:
    """Return what the model sees: the file's own words, over what the function or the builtin says itself."""
    match target:
        case PythonTarget():
            found = describe_python(target)
        case BuiltinTarget(name=name):
            found = BUILTINS[name]
        case HttpTarget():
            found = FunctionSchema(tool.name or "", "", _NO_ARGUMENTS)
    return FunctionSchema(
        tool.name or found.name,
        # Only the file's own words are a template: braces in a docstring mean something else.
        fill(tool.description) if tool.description else found.description,
        found.parameters if tool.parameters is None else tool.parameters,
    )


def _guess_effect(target: ToolTarget) -> Effect:
    return "read" if isinstance(target, HttpTarget) and target.method in ("GET", "HEAD") else "write"


def _guess_on_hangup(effect: Effect) -> Literal["finish", "cancel"]:
    return "finish" if effect == "write" else "cancel"


def _compile_idempotency(rules: ToolRules) -> Idempotency:
    given = Idempotency(rules.idempotency, rules.key)
    return replace(given, scope=rules.key_scope or given.scope, header=rules.key_header or given.header)


def _compile_retry(retry: RetrySpec | None) -> Retry:
    return Retry() if retry is None else Retry(retry.attempts, frozenset(retry.on) or _WORTH_A_RETRY)


def _compile_placeholder(placeholder: PlaceholderSpec | None, fill: Fill) -> Placeholder | None:
    if placeholder is None:
        return None
    say, instructions = placeholder.say, placeholder.instructions
    return Placeholder(
        say=None if say is None else fill(say),
        instructions=None if instructions is None else fill(instructions),
        after_ms=placeholder.after_ms,
        every_ms=placeholder.every_ms,
        most=placeholder.most,
    )
