"""The agents that `serve` answers for, and the calls it takes for them."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentrun.channels import Channel
from agentrun.compiler import compile_agent
from agentrun.config import AgentSpec
from agentrun.conversation.reports import ErrorReported, Report
from agentrun.errors import AgentrunError
from agentrun.link.endpoint import Endpoint, make_endpoint
from agentrun.link.websocket import WebSocketLink
from agentrun.plan import BROWSER, CallPlan, ChannelProfile, McpServer
from agentrun.runtime.agents import load_runnable
from agentrun.runtime.call import Call
from agentrun.runtime.clock import RealClock
from agentrun.runtime.engines import EngineChoice, choose_engine
from agentrun.secret import Secret
from agentrun.server.desk import AgentCard, VariableCard
from agentrun.server.reach import EngineWatch
from agentrun.tools.dispatcher import RUNNERS
from agentrun.tools.http.connections import HttpConnections
from agentrun.tools.http.runner import HttpRunner
from agentrun.tools.mcp.pool import McpPool
from agentrun.tools.python import describe_function
from agentrun.wire.json import JsonValue

log = logging.getLogger("agentrun.server")

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where this process reaches itself when it listens on every address."""


@dataclass(frozen=True, slots=True)
class ServedAgent:
    """One agent that calls can be taken for; `servers` are the MCP servers that agentrun calls for it."""

    spec: AgentSpec
    engine: EngineChoice
    card: AgentCard
    servers: tuple[McpServer, ...] = ()

    def compile(self, channel: ChannelProfile, variables: Mapping[str, JsonValue], call_id: str) -> CallPlan:
        """Compile the agent for one call.

        Raises:
            ConfigError: a required variable is not given.
            ToolError: a Python tool cannot be imported.

        """
        return compile_agent(
            self.spec,
            channel,
            variables=variables,
            call={"id": call_id, "channel": channel.name},
            describe_python=describe_function,
        )


def load_agents(
    files: Sequence[Path], engine: str, environment: Callable[[Path], Mapping[str, str]]
) -> dict[str, ServedAgent]:
    """Load agent files and resolve their engines, so that every fault shows before the first call.

    Raises:
        ConfigError: an agent file has errors, or a tool does not import.
        AgentrunError: two agents have one name.
        ConnectFailed: an engine cannot be used.

    """
    agents: dict[str, ServedAgent] = {}
    for file in files:
        values = environment(file)
        spec = load_runnable(file, values)
        if spec.name in agents:
            other = agents[spec.name].spec.path
            raise AgentrunError(f"`{file}` and `{other}` are both named `{spec.name}`; rename one")
        placeholders = {name: "" for name, variable in spec.variables.items() if variable.required}
        plan = compile_agent(spec, BROWSER, variables=placeholders, describe_python=describe_function)
        choice = choose_engine(engine, plan.model, values)
        agents[spec.name] = ServedAgent(spec, choice, _make_card(spec, plan), plan.mcp_servers)
    return agents


def _make_card(spec: AgentSpec, plan: CallPlan) -> AgentCard:
    variables = tuple(
        VariableCard(name, variable.required, variable.secret) for name, variable in spec.variables.items()
    )
    return AgentCard(
        name=spec.name,
        description=spec.description or "",
        language=spec.language,
        greeting=plan.greeting.say if plan.greeting else None,
        tools=tuple(tool.name for tool in plan.tools),
        variables=variables,
    )


class AgentDesk:
    """Takes calls; see `agentrun.server.desk.CallDesk`.

    Args:
        agents: by name.
        max_calls: how many calls may be live at once.
        token: what the embedded engine of this process asks for, if anything.
        web: what the HTTP tools of all calls share; whoever makes it closes it. Each call has its own
            without it.
        servers: the connections to MCP servers that all calls share; likewise.

    Attributes:
        watch: knows whether the other engines can be reached.

    """

    def __init__(
        self,
        agents: Mapping[str, ServedAgent],
        *,
        max_calls: int | None,
        token: Secret | None = None,
        web: HttpConnections | None = None,
        servers: McpPool | None = None,
    ) -> None:
        self.draining = False
        self.watch = EngineWatch(agent.engine.endpoint for agent in agents.values() if agent.engine.endpoint)
        self._agents = agents
        self._max_calls = max_calls
        self._token = token
        self._servers = servers
        self._runners = {**RUNNERS, "http": lambda: HttpRunner(web)}
        self._address: tuple[str, int] | None = None

    def open(self, host: str, port: int) -> None:
        """Note that connections are accepted at this address; the embedded engine answers there."""
        self._address = (_LOOPBACK.get(host, host), port)

    @property
    def engine(self) -> str:
        """Which engines answer."""
        return ", ".join(dict.fromkeys(agent.engine.name for agent in self._agents.values()))

    @property
    def max_calls(self) -> int | None:
        """How many calls may be live at once."""
        return self._max_calls

    def agents(self) -> Sequence[AgentCard]:
        """The agents as the page shows them."""
        return [agent.card for agent in self._agents.values()]

    def ready(self) -> tuple[bool, str]:
        """Whether a call could be taken now."""
        if self._address is None:
            return False, "starting"
        failure = self.watch.failure
        return not failure, failure or "ready"

    async def take(self, agent: str, variables: Mapping[str, JsonValue], channel: Channel) -> str:
        """Hold one whole call and return the reason of its end.

        Raises:
            AgentrunError: there is no such agent, or the call could not begin.

        """
        served = self._agents.get(agent)
        if served is None:
            raise AgentrunError(f"there is no agent `{agent}`")
        call_id = f"c_{secrets.token_hex(8)}"
        plan = served.compile(channel.profile, variables, call_id)
        endpoint = served.engine.endpoint or self._local_engine(plan.model.name)

        def note(report: Report) -> None:
            if isinstance(report, ErrorReported) and report.code == "link_failed":
                self.watch.note_failure(endpoint, report.message)

        link = WebSocketLink(endpoint)
        call = Call(
            plan,
            call_id,
            link=link,
            channel=channel,
            clock=RealClock(),
            watch=note,
            runners=self._runners,
            servers=self._servers,
        )
        log.info("call %s: %s on %s", call_id, agent, channel.profile.name)
        return await call.run()

    def _local_engine(self, model: str) -> Endpoint:
        host, port = self._address or ("", 0)
        shown = f"[{host}]" if ":" in host else host
        return make_endpoint(f"http://{shown}:{port}/v1", model, self._token)
