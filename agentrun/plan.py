"""The narrow waist: everything a call needs to know, and nothing about YAML or sockets.

`compiler.compile_agent` makes a `CallPlan`; `runtime`, `conversation` and `tools` read it. All values are
frozen and comparable; secrets print as `***`. Times are whole milliseconds.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agentrun.secret import Secret
from agentrun.wire.json import JsonObject, JsonValue

Text: TypeAlias = str | Secret
"""Text of an agent file; secret where a value of the environment went into it."""

TextTree: TypeAlias = JsonValue
"""JSON whose strings are `Text` templates, for example the `json` body of an HTTP tool."""

Provider: TypeAlias = Literal["openai", "azure", "compatible", "embedded"]
Deliver: TypeAlias = Literal["when_idle", "interrupt", "next_turn", "silent"]
Effect: TypeAlias = Literal["read", "write"]
Confirm: TypeAlias = Literal["none", "caller", "operator"]


@dataclass(frozen=True, slots=True)
class ChannelProfile:
    """What a channel can carry; decides the audio formats of the session, so they are not in the agent file.

    Attributes:
        name: for example `browser`, `text`.
        input_format: `audio.input.format` of the session, for example `{"type": "audio/pcm", "rate": 24000}`.
        output_format: `audio.output.format` of the session.
        owns_playback: True if we play the audio and know what was heard (relay channels), False if the
            provider plays it (attached channels).

    """

    name: str
    input_format: Mapping[str, JsonValue]
    output_format: Mapping[str, JsonValue]
    owns_playback: bool = True


PCM_24K: Mapping[str, JsonValue] = {"type": "audio/pcm", "rate": 24000}
PCMU_8K: Mapping[str, JsonValue] = {"type": "audio/pcmu"}

BROWSER = ChannelProfile("browser", PCM_24K, PCM_24K)
TEXT = ChannelProfile("text", PCMU_8K, PCMU_8K)


@dataclass(frozen=True, slots=True)
class ModelTarget:
    """Which model answers, and where. `base_url` and `api_key` are None where the environment decides."""

    name: str
    provider: Provider = "openai"
    base_url: Text | None = None
    api_key: Secret | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the agent says first: the exact words (`say`) or how to find them (`instructions`); one is set."""

    say: str | None = None
    instructions: str | None = None
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class Placeholder:
    """What the caller hears while a tool is still running; `say` or `instructions` is set.

    Attributes:
        after_ms: silence before the first one.
        every_ms: silence before each further one.
        most: how many are spoken for one tool call.

    """

    say: str | None = None
    instructions: str | None = None
    after_ms: int = 800
    every_ms: int = 6000
    most: int = 3


@dataclass(frozen=True, slots=True)
class PythonTarget:
    """A function `module:function`, imported with the project `root` on `sys.path`."""

    module: str
    function: str
    root: str


@dataclass(frozen=True, slots=True)
class FunctionSchema:
    """How the model sees a Python function; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """An HTTP request with `{{name}}` templates; at most one of `json`, `form`, `body` is set.

    Attributes:
        allow_hosts: hosts that may be reached although they are private, loopback or link-local.
        auth: as in the file: `{"bearer": …}`, `{"basic": {username, password}}`, `{"header": …}`, …

    """

    method: str
    url: Text
    query: Mapping[str, TextTree] = field(default_factory=dict)
    headers: Mapping[str, Text] = field(default_factory=dict)
    json: TextTree | None = None
    form: Mapping[str, TextTree] | None = None
    body: Text | None = None
    auth: Mapping[str, TextTree] | None = None
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltinTarget:
    """A tool that agentrun itself carries out: `hang_up`, later `transfer`, `send_dtmf`, `wait`."""

    name: str
    options: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Who agentrun is to an authorization server (OAuth 2, client credentials)."""

    client_id: Text
    client_secret: Text
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class McpAddress:
    """How an MCP server is reached; two that are equal share one connection of the process.

    Attributes:
        url: of its streamable HTTP endpoint; None for a server that agentrun starts.
        command: the program and its arguments; empty for a remote server.
        env: variables that the program gets beside the few that every program needs.
        cwd: absolute path of the folder in which the program runs.
        headers: sent with every request.
        authorization: an OAuth token without `Bearer`, or how to get one.

    """

    url: Text | None = None
    command: tuple[Text, ...] = ()
    env: tuple[tuple[str, Text], ...] = ()
    cwd: str = ""
    headers: tuple[tuple[str, Text], ...] = ()
    authorization: Text | OAuthClient | None = None


@dataclass(frozen=True, slots=True)
class McpTarget:
    """The tool `tool` of an MCP server."""

    address: McpAddress
    tool: str


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Why a tool may be run again, if it may.

    Attributes:
        kind: `natural`: repeating it is harmless; `key`: a repetition is known by its key. On one call
            agentrun itself knows it; among calls the service of an HTTP tool does.
        key: the arguments that make two runs the same; without any, all of them do.
        scope: among which calls the key is unique.
        header: carries the key in a request.

    """

    kind: Literal["none", "natural", "key"] = "none"
    key: tuple[str, ...] = ()
    scope: Literal["call", "caller", "global"] = "call"
    header: str = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a run is tried in all, and after what: `connect`, `timeout`, `lost` or an HTTP status."""

    attempts: int = 1
    on: frozenset[str | int] = frozenset()


ToolTarget: TypeAlias = PythonTarget | HttpTarget | BuiltinTarget | McpTarget


_CONSENT_RULE = (
    "The caller must agree to each call. Call it without asking first: it is not run at once, and you are"
    " told to ask the caller, and to call it again with the same arguments when they agree."
)


@dataclass(frozen=True, slots=True)
class ToolBinding:
    """One tool: what the model sees, what is run, and the rules of running it.

    Attributes:
        parameters: JSON Schema of the arguments (always an object schema).
        result_select: JMESPath expression that picks the part of the result that goes to the model.
        result_max_bytes: bound on it.

    """

    name: str
    description: str
    parameters: JsonObject
    target: ToolTarget
    placeholder: Placeholder | None = None
    timeout_ms: int = 10_000
    deliver: Deliver = "when_idle"
    effect: Effect = "write"
    on_interrupt: Literal["continue", "cancel"] = "continue"
    on_hangup: Literal["finish", "cancel"] = "finish"
    max_per_call: int | None = None
    confirm: Confirm = "none"
    idempotency: Idempotency = Idempotency()
    retry: Retry = Retry()
    result_select: str | None = None
    result_max_bytes: int = 16 * 1024

    @property
    def kind(self) -> Literal["python", "http", "builtin", "mcp"]:
        """Which module of `agentrun.tools` runs it."""
        match self.target:
            case PythonTarget():
                return "python"
            case HttpTarget():
                return "http"
            case BuiltinTarget():
                return "builtin"
            case McpTarget():
                return "mcp"

    @property
    def runs_once(self) -> bool:
        """Whether the same call must not run twice on one call: a write whose repetition may do harm."""
        harmless = self.idempotency.kind == "natural" or isinstance(self.target, BuiltinTarget)
        return self.effect == "write" and not harmless

    def declare(self) -> JsonObject:
        """Return the tool as it stands in `session.tools`."""
        declared: JsonObject = {"type": "function", "name": self.name}
        words = [self.description, _CONSENT_RULE if self.confirm == "caller" else ""]
        if any(words):
            declared["description"] = " ".join(filter(None, words))
        return {**declared, "parameters": copy.deepcopy(self.parameters)}


@dataclass(frozen=True, slots=True)
class McpServer:
    """An MCP server that agentrun calls itself; its tools are known when it has listed them.

    Attributes:
        label: prefix of its tools.
        rules: a binding that lacks only what the server says of a tool; for every tool not in `tool_rules`.
        tool_rules: bindings for single tools, by the server's names.
        allowed: the server's names of the tools that may be offered; None for all.
        read_only: whether only tools are offered that the server says change nothing.

    """

    label: str
    address: McpAddress
    rules: ToolBinding
    tool_rules: Mapping[str, ToolBinding] = field(default_factory=dict)
    allowed: frozenset[str] | None = None
    read_only: bool = False

    def rules_for(self, tool: str) -> ToolBinding:
        """Return the rules of the tool that the server calls `tool`."""
        return self.tool_rules.get(tool, self.rules)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call."""

    max_duration_ms: int = 60 * 60_000
    max_tool_calls: int = 100
    response_stall_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One agent, compiled for one channel.

    Attributes:
        agent: the agent's name.
        session: payload of the first `session.update`: `{"type": "realtime", …}`, JSON. The credentials of
            MCP servers that the provider calls are `Secret` in it, and revealed where it is sent.
        mcp_servers: those that agentrun calls; their tools join the session when they are known.
        variables: values known before the call starts; `{{names}}` of the session are already filled in.
        secret_variables: names of variables whose values must not be printed.

    """

    agent: str
    channel: ChannelProfile
    model: ModelTarget
    session: JsonObject
    tools: tuple[ToolBinding, ...] = ()
    mcp_servers: tuple[McpServer, ...] = ()
    greeting: Greeting | None = None
    language: str | None = None
    variables: Mapping[str, JsonValue] = field(default_factory=dict)
    secret_variables: frozenset[str] = frozenset()
    limits: Limits = Limits()

    def tool(self, name: str) -> ToolBinding | None:
        """Return the tool that the model calls `name`, or None."""
        return next((tool for tool in self.tools if tool.name == name), None)
