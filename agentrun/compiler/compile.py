"""Puts a plan together: values first, then tools, then the session that names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from agentrun.compiler.mcp_servers import compile_client_servers
from agentrun.compiler.session import compile_session
from agentrun.compiler.tools import DescribePython, compile_tools
from agentrun.compiler.values import read_values
from agentrun.config.model import AgentSpec, GreetingSpec, ModelSpec
from agentrun.plan import BROWSER, CallPlan, ChannelProfile, Greeting, Limits, ModelTarget
from agentrun.secret import Secret
from agentrun.wire.json import JsonValue

_NOTHING: Mapping[str, str] = {}


def compile_agent(
    spec: AgentSpec,
    channel: ChannelProfile = BROWSER,
    *,
    variables: Mapping[str, JsonValue] = _NOTHING,
    call: Mapping[str, str] = _NOTHING,
    describe_python: DescribePython,
    now: datetime | None = None,
) -> CallPlan:
    """Compile an agent for one call.

    Equal arguments give equal plans. `{{names}}` in instructions, greeting, placeholders and descriptions
    are filled in here; those in HTTP requests stay, because a tool's arguments are known only later.

    Args:
        spec: the agent.
        channel: decides the audio formats.
        variables: values for this call; they win over the defaults of the file.
        call: `id`, `from`, `to` and `channel` of this call (also `call.id`, …); what is not known is empty.
            `now` and `today`, if they stand here, win over the argument `now`.
        describe_python: returns how the model sees a Python function; imports the user's module.
        now: what `{{now}}` and `{{today}}` say; the default is the present moment here.

    Raises:
        ConfigError: a required variable is not given, or a variable is given that the file does not declare.
        ToolError: whatever `describe_python` raises.

    """
    values = read_values(spec, variables, call, now)
    tools = compile_tools(spec, values.fill, describe_python)
    return CallPlan(
        agent=spec.name,
        channel=channel,
        model=_compile_model(spec.model),
        session=compile_session(spec, channel, tools, values.fill),
        tools=tools,
        mcp_servers=compile_client_servers(spec, values.fill),
        greeting=_compile_greeting(spec.greeting, values.fill),
        language=spec.language,
        variables=values.variables,
        secret_variables=values.secret_names,
        limits=_compile_limits(spec),
    )


def _compile_model(model: ModelSpec) -> ModelTarget:
    key = model.api_key
    return ModelTarget(
        name=model.name,
        provider=model.provider,
        base_url=model.base_url,
        api_key=Secret(key) if isinstance(key, str) else key,
        region=model.region,
    )


def _compile_greeting(greeting: GreetingSpec | None, fill: Callable[[str], str]) -> Greeting | None:
    if greeting is None:
        return None
    say, instructions = greeting.say, greeting.instructions
    return Greeting(
        say=None if say is None else fill(say),
        instructions=None if instructions is None else fill(instructions),
        interruptible=greeting.interruptible,
    )


def _compile_limits(spec: AgentSpec) -> Limits:
    return Limits(max_duration_ms=spec.session.max_duration_ms)
