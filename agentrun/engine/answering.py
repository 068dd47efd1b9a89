"""The model's side: which responses run, what each is asked, and how each ends."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass

from agentrun.audio import parse_format
from agentrun.engine.caching import PromptCache
from agentrun.engine.checks import (
    check_choice,
    check_length,
    check_list,
    check_map,
    check_nullable,
    check_shape,
    refuse,
)
from agentrun.engine.effects import Generate
from agentrun.engine.hosting.definitions import complete_tools
from agentrun.engine.hosting.desk import Hosting
from agentrun.engine.hosting.toolbox import make_toolbox
from agentrun.engine.hosting.view import view_items
from agentrun.engine.items import CHECK_ITEM, Item, make_item
from agentrun.engine.models import find_traits
from agentrun.engine.parameters import RESPONSE_AUDIO, SHARED
from agentrun.engine.response import CancelReason, Response
from agentrun.engine.response_settings import ResponseSettings
from agentrun.engine.seams import Failure, Prompt
from agentrun.engine.settings import check_reasoning, check_tool_choice, name_voice
from agentrun.engine.state import SessionState
from agentrun.engine.usage import add_tokens, estimate_prompt_tokens
from agentrun.wire.json import JsonObject, JsonValue

MAX_RUNNING = 64
"""How many responses of one session run at a time; the engine's own bound."""


def _check_input(value: JsonValue, path: str) -> None:
    if isinstance(value, dict) and value.get("type") == "item_reference":
        check_shape({"type": check_length(64), "id": check_length(512)}, required=("id",))(value, path)
    else:
        CHECK_ITEM(value, path)


_CHECK_RESPONSE = check_shape(
    {
        **SHARED,
        "conversation": check_choice("auto", "none"),
        "input": check_list(_check_input),
        "audio": RESPONSE_AUDIO,
        "metadata": check_nullable(check_map(check_length(512), most=16, key_length=64)),
    }
)


@dataclass(slots=True)
class _Running:
    """A response that is not over, and what it was asked to read (None: the whole conversation)."""

    response: Response
    items: list[Item] | None
    asked: bool = False


class Answering:
    """Starts, feeds and ends responses.

    At most one running response writes to the default conversation; a few run out of band.

    Attributes:
        spoke: whether sound was ever sent, which locks the session's voice.

    """

    def __init__(self, state: SessionState, hosting: Hosting) -> None:
        self._state = state
        self._hosting = hosting
        self._running: dict[str, _Running] = {}
        self._last_spoken: list[Response] = []
        self._cache = PromptCache()
        self._first_read_id: str | None = None  # older items were left out, and stay so
        self.spoke = False

    @property
    def active(self) -> Response | None:
        """The running response of the default conversation."""
        for run in self._running.values():
            if run.response.settings.conversation_id is not None and not run.response.over:
                return run.response
        return None

    def create(self, overrides: JsonObject | None) -> None:
        """Start a response, for a client or (without overrides) for a turn that ended.

        Raises:
            RemoteProtocolError: a parameter is wrong, or a response already writes to the conversation.

        """
        overrides = dict(overrides or {})
        _CHECK_RESPONSE(overrides, "response")
        if "tools" in overrides:
            known = self._state.catalogue.definitions
            overrides["tools"] = complete_tools(overrides["tools"], known, "response.tools")
        check_reasoning(self._state.settings["model"], overrides, "response")
        settings = self._combine(overrides)
        items = self._resolve(overrides)
        active = self.active
        if settings.conversation_id is not None and active is not None:
            message = f"Conversation already has an active response in progress: {active.id}"
            refuse(message, "conversation_already_has_active_response", None)
        if len(self._running) >= MAX_RUNNING:
            message = f"{MAX_RUNNING} responses are in progress, the most that this engine runs at a time."
            refuse(message, "too_many_active_responses", None)
        history = self._state.history if settings.conversation_id is not None else None
        if history is not None:
            history.check_room()
        response = Response(
            settings, self._state.outbox, history, self._hosting.calls, self._state.spend_tokens
        )
        self._running[settings.id] = _Running(response, items)
        response.start()
        self._hosting.take_tools(overrides.get("tools", ()))
        self.ask_waiting()

    def ask_waiting(self) -> None:
        """Ask the responder for every response whose items are all understood by now."""
        for run in self._running.values():
            if not run.asked and not run.response.over and not self._is_unclear(run):
                run.asked = True
                self._ask(run)

    def cancel(self, response_id: str | None, reason: CancelReason) -> None:
        """Cancel a response; without an id, the active one of the default conversation.

        Raises:
            RemoteProtocolError: there is none.

        """
        active = self.active
        wanted = response_id or (active.id if active else "")
        run = self._running.get(wanted)
        if run is None:
            refuse("Cancellation failed: no active response found", "response_cancel_not_active", None)
        run.response.cancel(reason)

    def find(self, response_id: str) -> Response | None:
        """Return a running response."""
        run = self._running.get(response_id)
        return None if run is None else run.response

    def sweep(self) -> list[Response]:
        """Forget the responses that are over and return them."""
        ended = [run.response for run in self._running.values() if run.response.over]
        for response in ended:
            del self._running[response.id]
            if response.sound_ms:
                self.spoke = True
                self._last_spoken = [*self._last_spoken[-7:], response]
        return ended

    def guess_heard(self, item_id: str, audio_end_ms: int) -> str:
        """Return the words of an assistant item that were spoken before a moment of its sound."""
        running = [run.response for run in self._running.values()]
        for response in itertools.chain(running, self._last_spoken):
            spoken = response.find_spoken(item_id)
            if spoken is not None:
                return spoken.guess_heard(audio_end_ms)
        return ""

    def _combine(self, overrides: JsonObject) -> ResponseSettings:
        state = self._state
        session = {**state.settings, **{key: value for key, value in overrides.items() if key in SHARED}}
        check_tool_choice(session["tool_choice"], session["tools"], "response")
        sound = {**state.settings["audio"]["output"], **overrides.get("audio", {}).get("output", {})}
        in_band = overrides.get("conversation") != "none"
        traits = find_traits(session["model"])
        return ResponseSettings(
            id=state.ids.make("resp"),
            conversation_id=state.conversation_id if in_band else None,
            spoken=session["output_modalities"] == ["audio"],
            max_output_tokens=session["max_output_tokens"],
            format=parse_format(sound["format"]),
            voice=name_voice(sound["voice"]),
            speed=sound["speed"],
            language=state.language,
            phases=traits.phases,
            metadata=overrides.get("metadata"),
            instructions=session["instructions"],
            instructed="instructions" in overrides,
            toolbox=make_toolbox(session["tools"], session["tool_choice"], state.catalogue),
            parallel_tool_calls=session.get("parallel_tool_calls", True),
            effort=(session.get("reasoning") or {}).get("effort", "low") if traits.reasoning else None,
            overlap=state.options.overlap and traits.phases,
        )

    def _resolve(self, overrides: JsonObject) -> list[Item] | None:
        if "input" not in overrides:
            return None
        return [self._resolve_one(entry, index) for index, entry in enumerate(overrides["input"])]

    def _resolve_one(self, entry: JsonObject, index: int) -> Item:
        state = self._state
        if entry["type"] != "item_reference":
            path = f"response.input[{index}]"
            fresh = (state.ids.make("item"), state.ids.make("call"))
            item = make_item(entry, *fresh, state.input_format, path)
            item.unclear = False  # sound given to one response only is not transcribed
            return item
        found = state.history.find(entry["id"])
        if found is None:
            message = f"Item with id '{entry['id']}' not found in the conversation."
            refuse(message, "invalid_value", f"response.input[{index}].id")
        return found

    def _is_unclear(self, run: _Running) -> bool:
        if run.items is None:
            return bool(self._state.history.unclear_ids)
        return any(item.unclear for item in run.items)

    def _pick_items(self, run: _Running) -> list[Item]:
        """Return what a response reads, before it is known whether that fits."""
        if run.items is not None:
            return run.items
        whole = self._state.settings["truncation"] == "disabled"
        return list(self._state.history.iterate_from(None if whole else self._first_read_id))

    def _ask(self, run: _Running) -> None:
        response, items = run.response, self._pick_items(run)
        settings, state = response.settings, self._state
        sizes = [item.tokens for item in items]
        fixed = estimate_prompt_tokens(settings.instructions, settings.toolbox.tools)
        limit = find_traits(state.settings["model"]).input_tokens
        first = find_first_kept(
            fixed.total, [size.total for size in sizes], limit, state.settings["truncation"]
        )
        if first is None:
            message = "The conversation is longer than the model can read, and truncation is disabled."
            response.end_moves(Failure(message))
            return
        if run.items is None and 0 < first < len(items):
            self._first_read_id = items[first].id
        response.read = add_tokens([fixed, *sizes[first:]])
        beginning = (settings.instructions, json.dumps(settings.toolbox.tools))
        pieces = [(item.id, item.tokens) for item in items[first:]]
        response.cached = self._cache.read([(beginning, fixed), *pieces])
        shown = view_items((item.show_to_model() for item in items[first:]), settings.toolbox.name_tools())
        prompt = Prompt(
            settings.instructions,
            settings.instructed,
            settings.toolbox.tools,
            settings.toolbox.choice,
            shown,
            state.now,
            settings.parallel_tool_calls,
            state.language,
            frozenset(item.id for item in items[first:] if item.unsure),
            settings.max_output_tokens if isinstance(settings.max_output_tokens, int) else None,
        )
        state.outbox.command(Generate(response.id, prompt))


def find_first_kept(
    fixed_tokens: int, sizes: Iterable[int], limit_tokens: int, truncation: JsonValue
) -> int | None:
    """Return the index of the oldest item that the model still reads; None where nothing may be dropped.

    Args:
        fixed_tokens: instructions and tools, which always stay.
        sizes: tokens of the items, oldest first.
        limit_tokens: what the model can read.
        truncation: the session's setting: `auto`, `disabled` or a retention ratio.

    """
    sizes = list(sizes)
    left = limit_tokens - fixed_tokens
    if isinstance(truncation, dict):
        left = min(left, truncation.get("token_limits", {}).get("post_instructions", left))
    if sum(sizes) <= left:
        return 0
    if truncation == "disabled":
        return None
    keep = left * truncation["retention_ratio"] if isinstance(truncation, dict) else left
    first, total = len(sizes), 0
    while first > 0 and total + sizes[first - 1] <= keep:
        first -= 1
        total += sizes[first]
    return first
