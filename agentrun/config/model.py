"""An agent file as values: every field of the format, times in milliseconds, defaults applied.

`{{templates}}` are still in place and the environment is filled in. A field's name is the key in the file
unless its metadata names another one; `build.py` reads files into these classes, and a test keeps them equal
to the schema. None means that the file does not say anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from agentrun.config.quantities import parse_duration_ms, parse_size_bytes
from agentrun.plan import Deliver, Effect, Provider, Text, TextTree
from agentrun.wire.json import JsonObject, JsonValue

DEFAULT_MODEL = "gpt-realtime-2.1"
DEFAULT_TRANSCRIPTION = "gpt-realtime-whisper"


def time_field(key: str, default_ms: int | None = None) -> Any:
    """Return a field that holds the milliseconds of a time in the file."""
    return field(default=default_ms, metadata={"key": key, "read": parse_duration_ms})


def renamed(key: str, default: Any = None) -> Any:
    """Return a field that has another name than its key in the file."""
    return field(default=default, metadata={"key": key})


@dataclass(frozen=True, slots=True)
class ReasoningSpec:
    """`model.reasoning`."""

    short: ClassVar[str] = "effort"
    effort: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """`model`."""

    short: ClassVar[str] = "name"
    name: str = DEFAULT_MODEL
    provider: Provider = "openai"
    base_url: Text | None = None
    api_key: Text | None = None
    region: str | None = None
    reasoning: ReasoningSpec | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | str | None = None


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """One entry of `variables`; a plain value in the file is the `default`."""

    short: ClassVar[str] = "default"
    default: JsonValue = None
    required: bool = False
    secret: bool = False
    description: str | None = None


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """`voice`."""

    short: ClassVar[str] = "name"
    name: str | None = None
    id: str | None = None
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class GreetingSpec:
    """`greeting`."""

    short: ClassVar[str] = "say"
    say: str | None = None
    instructions: str | None = None
    interruptible: bool = True


@dataclass(frozen=True, slots=True)
class TurnDetectionSpec:
    """`turn_detection`; None fields are left to the server.

    Attributes:
        idle_timeout_ms: `null` in the file is None here and the server's default too.

    """

    type: Literal["server_vad", "semantic_vad"]
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    idle_timeout_ms: int | None = None
    eagerness: str | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None


@dataclass(frozen=True, slots=True)
class TranscriptionSpec:
    """`transcription`; the model `off` turns it off."""

    short: ClassVar[str] = "model"
    model: str = DEFAULT_TRANSCRIPTION
    language: str | None = None
    languages: tuple[str, ...] = ()
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    delay: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceholderSpec:
    """`placeholder` of a tool."""

    short: ClassVar[str] = "say"
    say: str | None = None
    instructions: str | None = None
    after_ms: int = time_field("after", 800)
    every_ms: int = time_field("every", 6000)
    most: int = renamed("max", 3)


@dataclass(frozen=True, slots=True)
class RetrySpec:
    """`retry` of a tool; an empty `on` means the failures that pass by themselves."""

    attempts: int
    on: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class ResultSpec:
    """`result` of a tool."""

    select: str | None = None
    max_bytes: int = field(default=16 * 1024, metadata={"read": parse_size_bytes})


@dataclass(frozen=True, slots=True)
class HttpSpec:
    """`http` of a tool; `method` None means GET, or POST where there is a body.

    Attributes:
        url: None if an OpenAPI document says it that is not read yet.

    """

    url: Text | None = None
    openapi: Text | None = None
    operation: str | None = None
    method: str | None = None
    query: Mapping[str, TextTree] = field(default_factory=dict)
    headers: Mapping[str, Text] = field(default_factory=dict)
    json: TextTree | None = None
    form: Mapping[str, TextTree] | None = None
    body: Text | None = None
    auth: Mapping[str, TextTree] | None = None
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltinSpec:
    """`builtin` of a tool."""

    short: ClassVar[str] = "name"
    name: str
    to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRules:
    """How a tool is run; shared by tools and MCP servers."""

    placeholder: PlaceholderSpec | None = None
    timeout_ms: int = time_field("timeout", 10_000)
    deliver: Deliver = "when_idle"
    effect: Effect | None = None
    idempotency: Literal["none", "natural", "key"] = "none"
    key: tuple[str, ...] = ()
    key_scope: Literal["call", "caller", "global"] | None = None
    key_header: str | None = None
    retry: RetrySpec | None = None
    confirm: Literal["none", "caller", "operator"] = "none"
    on_interrupt: Literal["continue", "cancel"] = "continue"
    on_hangup: Literal["finish", "cancel"] | None = None
    max_per_call: int | None = None
    result: ResultSpec = ResultSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec(ToolRules):
    """One entry of `tools`; exactly one of `python`, `http` and `builtin` is set."""

    name: str | None = None
    description: str | None = None
    parameters: JsonObject | None = None
    python: str | None = None
    http: HttpSpec | None = None
    builtin: BuiltinSpec | None = None


@dataclass(frozen=True, slots=True)
class OAuthSpec:
    """`authorization` of an MCP server whose token agentrun gets itself."""

    client_id: Text
    client_secret: Text
    issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServerSpec(ToolRules):
    """One entry of `mcp_servers`; `url` or `command` is set."""

    label: str
    url: Text | None = None
    command: tuple[Text, ...] | Text | None = None
    args: tuple[Text, ...] = ()
    env: Mapping[str, Text] = field(default_factory=dict)
    cwd: str | None = None
    run: Literal["hosted", "client"] | None = None
    headers: Mapping[str, Text] = field(default_factory=dict)
    authorization: OAuthSpec | Text | None = None
    allowed_tools: JsonValue = None
    require_approval: JsonValue = None
    tools: Mapping[str, ToolRules] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandoffSpec:
    """One entry of `handoffs`."""

    to: str
    when: str
    say: str | None = None


@dataclass(frozen=True, slots=True)
class GuardrailSpec:
    """One entry of `guardrails`."""

    match: JsonObject
    name: str | None = None
    on: Literal["output", "input"] = "output"
    mode: Literal["streaming", "hold"] = "streaming"
    action: Literal["interrupt", "log", "hang_up"] = "interrupt"
    say: str | None = None


@dataclass(frozen=True, slots=True)
class InterruptionSpec:
    """`interruption`."""

    ignore_phrases: tuple[str, ...] = ()
    min_words: int = 0


@dataclass(frozen=True, slots=True)
class NoInputSpec:
    """`no_input`."""

    after_ms: int = time_field("after")
    prompts: tuple[str, ...] = ()
    then: Literal["hang_up", "transfer", "nothing"] = "nothing"


@dataclass(frozen=True, slots=True)
class ReconnectSpec:
    """`session.reconnect`."""

    attempts: int | None = None
    initial_ms: int | None = time_field("initial")
    maximum_ms: int | None = time_field("maximum")


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """`session`."""

    max_duration_ms: int = time_field("max_duration", 60 * 60_000)
    rollover: bool | None = None
    reconnect: ReconnectSpec | None = None
    end_call_after_ms: int | None = time_field("end_call_after")


@dataclass(frozen=True, slots=True)
class TruncationSpec:
    """`context.truncation`; `mode` is set, or the ratio."""

    short: ClassVar[str] = "mode"
    mode: Literal["auto", "disabled"] | None = None
    retention_ratio: float | None = None
    post_instructions_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One entry of `context.history`."""

    role: Literal["user", "assistant", "system"]
    text: str


@dataclass(frozen=True, slots=True)
class SummarizeSpec:
    """`context.summarize`."""

    above_tokens: int | None = None
    keep_turns: int | None = None


@dataclass(frozen=True, slots=True)
class ContextSpec:
    """`context`."""

    truncation: TruncationSpec | None = None
    history: tuple[HistoryEntry, ...] = ()
    summarize: SummarizeSpec | None = None


@dataclass(frozen=True, slots=True)
class BudgetSpec:
    """`budget`."""

    max_usd: float | None = None
    max_minutes: float | None = None
    on_exceed: Literal["hang_up", "warn"] = "hang_up"


@dataclass(frozen=True, slots=True)
class RedactSpec:
    """One entry of `transcript.redact`; a word in the file is a `kind`."""

    short: ClassVar[str] = "kind"
    kind: Literal["phone", "card", "email"] | None = None
    regex: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class TranscriptSpec:
    """`transcript`."""

    store: bool = True
    redact: tuple[RedactSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptSpec:
    """`prompt`."""

    id: str
    version: str | None = None
    variables: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """One agent file with all that it includes.

    Attributes:
        path: the file, as the user named it; not a key of the file.
        root: absolute path of the project root; not a key of the file.
        instructions: the text, also where the file names another file.
        turn_detection: None where the file is silent, `none` where it says so.
        public_env: names of environment variables whose values are not secret.

    """

    path: str
    root: str
    version: int
    name: str
    instructions: str
    description: str | None = None
    model: ModelSpec = ModelSpec()
    variables: Mapping[str, VariableSpec] = field(default_factory=dict)
    voice: VoiceSpec | None = None
    language: str | None = None
    output: Literal["audio", "text"] = "audio"
    greeting: GreetingSpec | None = None
    turn_detection: TurnDetectionSpec | Literal["none"] | None = None
    transcription: TranscriptionSpec = TranscriptionSpec()
    noise_reduction: Literal["near_field", "far_field", "off"] | None = None
    tool_choice: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    mcp_servers: tuple[McpServerSpec, ...] = ()
    handoffs: tuple[HandoffSpec, ...] = ()
    guardrails: tuple[GuardrailSpec, ...] = ()
    interruption: InterruptionSpec | None = None
    no_input: NoInputSpec | None = None
    session: SessionSpec = SessionSpec()
    context: ContextSpec = ContextSpec()
    budget: BudgetSpec | None = None
    transcript: TranscriptSpec = TranscriptSpec()
    tracing: JsonObject | Literal["auto", "off"] | None = None
    prompt: PromptSpec | None = None
    overrides: JsonObject = field(default_factory=dict)
    public_env: tuple[str, ...] = ()
