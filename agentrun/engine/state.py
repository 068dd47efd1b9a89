"""What the parts of one session share."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from agentrun.audio import AudioFormat, parse_format
from agentrun.engine.history import History
from agentrun.engine.hosting.catalogue import Catalogue
from agentrun.engine.hosting.toolbox import make_toolbox
from agentrun.engine.ids import Ids
from agentrun.engine.items import Item
from agentrun.engine.limits import RateLimit
from agentrun.engine.options import USUAL_OPTIONS, SessionOptions
from agentrun.engine.outbox import Outbox
from agentrun.wire.json import JsonObject


@dataclass(slots=True)
class SessionState:
    """The state of one session.

    Attributes:
        settings: effective session settings, always complete; replaced as a whole by an update.
        history: the default conversation.
        catalogue: the MCP servers it has imported.
        epoch: wall-clock time at which `now_ms` was 0.
        now_ms: time of the input being handled.
        options: what the operator decides.
        limit: what is left of the rate limit.

    """

    settings: JsonObject
    ids: Ids
    outbox: Outbox
    conversation_id: str
    epoch: datetime.datetime
    history: History = field(default_factory=History)
    catalogue: Catalogue = field(default_factory=Catalogue)
    now_ms: int = 0
    options: SessionOptions = USUAL_OPTIONS
    limit: RateLimit = field(default_factory=RateLimit)

    def spend_tokens(self, tokens: int) -> JsonObject:
        """Take tokens from the rate limit and return what to report of it."""
        return self.limit.spend(tokens, self.now_ms)

    @property
    def transcribes_only(self) -> bool:
        """Whether the session writes down what is said and answers nothing."""
        return bool(self.settings["type"] == "transcription")

    @property
    def now(self) -> datetime.datetime:
        """Wall-clock time of the input being handled."""
        return self.epoch + datetime.timedelta(milliseconds=self.now_ms)

    @property
    def turn_detection(self) -> JsonObject | None:
        """The session's turn detection, or None for push-to-talk."""
        return cast("JsonObject | None", self.settings["audio"]["input"]["turn_detection"])

    @property
    def transcription(self) -> JsonObject | None:
        """The session's input transcription, or None where the client did not ask for it."""
        return cast("JsonObject | None", self.settings["audio"]["input"]["transcription"])

    @property
    def language(self) -> str | None:
        """The language that the session names for transcription."""
        return (self.transcription or {}).get("language")

    @property
    def input_format(self) -> AudioFormat:
        """Format of appended audio."""
        return parse_format(self.settings["audio"]["input"]["format"])

    @property
    def offered_tools(self) -> Sequence[JsonObject]:
        """What a model could call now, in the shape of function tools."""
        return make_toolbox(self.settings.get("tools", ()), "auto", self.catalogue).tools

    def make_item(self, wire: JsonObject) -> Item:
        """Make a completed message or call of the engine's own with a new id."""
        return Item({"id": self.ids.make("item"), **wire})
