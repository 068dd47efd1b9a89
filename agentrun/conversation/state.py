"""What is known about one call, and what follows from it at once; the rules are in `decide`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from agentrun.conversation.consent import Consent
from agentrun.conversation.generation import Generation
from agentrun.conversation.hosted import HostedDesk
from agentrun.conversation.inputs import CallerImage, CallerText
from agentrun.conversation.outbox import Outbox
from agentrun.conversation.placeholders import Placeholders
from agentrun.conversation.reading import read_object
from agentrun.conversation.speech import Speech
from agentrun.conversation.tooldesk import ToolDesk
from agentrun.conversation.usage import Usage
from agentrun.plan import CallPlan
from agentrun.wire.client import ResponseCancel
from agentrun.wire.json import JsonObject


class Phase(Enum):
    """How far a call has come."""

    CONNECTING = "connecting"
    CONFIGURING = "configuring"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class TurnDetection:
    """Which of the two things the server does by itself when the caller speaks."""

    creates_responses: bool
    interrupts: bool


def read_turn_detection(plan: CallPlan) -> TurnDetection:
    """Read it from the session: both unless the file says otherwise, neither where detection is off."""
    settings = read_object(read_object(plan.session, "audio"), "input").get("turn_detection", {})
    if settings is None:
        return TurnDetection(creates_responses=False, interrupts=False)
    return TurnDetection(
        settings.get("create_response") is not False, settings.get("interrupt_response") is not False
    )


def reads_caller(plan: CallPlan) -> bool:
    """Whether the session asks for a transcript of what the caller says."""
    return bool(read_object(read_object(plan.session, "audio"), "input").get("transcription"))


@dataclass(slots=True)
class Caller:
    """What is known about the caller.

    Attributes:
        speaking: whether they speak now, as voice activity detection says.
        items: how many items were made of what they typed.
        partial: words recognised so far, by item.
        held: typed turns that could not be taken yet.
        keys: keys pressed since the last pause, which ends at `keys_end_ms`.

    """

    speaking: bool = False
    items: int = 0
    partial: dict[str, str] = field(default_factory=dict)
    held: list[CallerText | CallerImage] = field(default_factory=list)
    keys: str = ""
    keys_end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """A hang-up that waits for the last words to be heard, until `limit_ms` at most."""

    reason: str
    limit_ms: int


class CallState:
    """Everything that is known about one call.

    Attributes:
        ending: set while the call is about to end.
        over: the reason why it must end now.
        shielded: whether a greeting that may not be interrupted has not been heard yet.
        configured_by_ms: when the model must have answered our `session.update`.
        updates: the sessions that were sent and not answered yet, by the id of the event, in order.

    """

    def __init__(self, plan: CallPlan, call: str) -> None:
        self.plan = plan
        self.call = call
        self.detection = read_turn_detection(plan)
        self.transcribes = reads_caller(plan)
        self.phase = Phase.CONNECTING
        self.now_ms = 0
        self.configured_by_ms: int | None = None
        self.updates: dict[str, JsonObject] = {}
        self.shielded = plan.greeting is not None and not plan.greeting.interruptible
        self.ending: Ending | None = None
        self.over: str | None = None
        self.caller = Caller()
        self.usage = Usage()
        self.outbox = Outbox()
        self.speech = Speech(self.outbox, plan.channel)
        self.generation = Generation(self.outbox)
        self.consent = Consent()
        self.tools = ToolDesk(plan, self.outbox, self.generation, self.consent)
        self.hosted = HostedDesk(self.outbox, self.generation, self.consent)
        self.placeholders = Placeholders(self.outbox, self.speech)

    @property
    def stall_ms(self) -> int:
        """How long the model may be silent while it owes us something."""
        return self.plan.limits.response_stall_ms

    @property
    def is_quiet(self) -> bool:
        """Whether the agent says nothing that the caller hears, or is about to hear."""
        return self.placeholders.is_quiet and not self.speech.is_sounding(self.now_ms)

    @property
    def may_say_placeholder(self) -> bool:
        """Whether the floor is free for a placeholder: nobody speaks, and nothing better is coming."""
        return (
            not self.caller.speaking
            and self.is_quiet
            and self.placeholders.is_idle
            and self.generation.is_idle
            and not self.generation.owed
            and not self.generation.is_server_due(self.now_ms)
            and self.ending is None
        )

    @property
    def is_at_rest(self) -> bool:
        """Whether the agent is done: it says nothing, generates nothing and waits only for the caller."""
        return (
            self.may_say_placeholder
            and not self.tools.calls.pending
            and self.hosted.is_idle
            and not self.caller.held
            and self.caller.keys_end_ms is None
        )

    def take_floor(self, *, cancel: bool) -> None:
        """Interrupt the agent: nothing of what was being said is heard any more.

        Args:
            cancel: whether we must stop the response, because the server does not do so by itself.

        """
        self.placeholders.interrupt()
        stopped = self.generation.withdraw()
        if stopped is not None:
            self.speech.silence(stopped.response_id)
            if cancel:
                self.outbox.send(ResponseCancel(stopped.response_id))
        self.speech.interrupt(self.now_ms)
