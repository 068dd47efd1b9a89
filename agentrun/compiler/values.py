"""The values that `{{names}}` stand for in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agentrun.config.model import AgentSpec
from agentrun.config.templates import CALL_NAMES, render_template
from agentrun.diagnostics import Diagnostic, Span, diagnose
from agentrun.errors import ConfigError
from agentrun.secret import Secret
from agentrun.wire.json import JsonValue


@dataclass(frozen=True, slots=True)
class CallValues:
    """Everything that can be filled in at compile time.

    Attributes:
        variables: the declared variables; those that are secret are `Secret` where they have a text.
        secret_names: which of them are secret.
        built_in: `call.…`, `now` and `today`.

    """

    variables: Mapping[str, JsonValue]
    secret_names: frozenset[str]
    built_in: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Return a text with its names filled in."""
        return render_template(text, {**self.built_in, **self.variables})


def read_values(
    spec: AgentSpec, variables: Mapping[str, JsonValue], call: Mapping[str, str], now: datetime | None
) -> CallValues:
    """Join the defaults of the file and the values of the call.

    Raises:
        ConfigError: a required variable is not given, or one is given that the file does not declare.

    """
    problems = _find_missing(spec, variables) + _find_undeclared(spec, variables)
    if problems:
        raise ConfigError(problems)
    values = {name: rule.default for name, rule in spec.variables.items()} | dict(variables)
    secret = frozenset(
        name for name, rule in spec.variables.items() if rule.secret or isinstance(rule.default, Secret)
    )
    hidden = {
        name: Secret(value) if isinstance(value, str) else value
        for name, value in values.items()
        if name in secret
    }
    return CallValues({**values, **hidden}, secret, _read_built_in(call, now))


def _read_built_in(call: Mapping[str, str], now: datetime | None) -> dict[str, str]:
    moment = now or datetime.now().astimezone()
    values = {name: call.get(name) or call.get(name.removeprefix("call."), "") for name in CALL_NAMES}
    times = {"now": moment.isoformat(timespec="seconds"), "today": moment.date().isoformat()}
    return values | {name: call.get(name, text) for name, text in times.items()}


def _find_missing(spec: AgentSpec, variables: Mapping[str, JsonValue]) -> list[Diagnostic]:
    missing = [
        name
        for name, rule in spec.variables.items()
        if rule.required and rule.default is None and variables.get(name) is None
    ]
    return [
        _report(spec, f"the variable `{name}` must be given", f"for example --var {name}=…")
        for name in missing
    ]


def _find_undeclared(spec: AgentSpec, variables: Mapping[str, JsonValue]) -> list[Diagnostic]:
    listed = ", ".join(f"`{name}`" for name in spec.variables) or "none"
    return [
        _report(spec, f"the agent has no variable `{name}`", f"it has {listed}")
        for name in variables
        if name not in spec.variables
    ]


def _report(spec: AgentSpec, message: str, hint: str) -> Diagnostic:
    return diagnose("AR110", message, Span(spec.path, 1, 1, 1, 1), hint=hint, path=("variables",))
