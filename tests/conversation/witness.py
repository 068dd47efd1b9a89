"""Watches a conversation from outside and checks the rules on everything that goes in and comes out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from agentrun.conversation.commands import Clear, Command, End, Play, Send, StartTool, Tell
from agentrun.conversation.inputs import CallerPlayed, Input
from agentrun.conversation.reports import AgentSaid, CallerSaid, ErrorReported, PlaceholderSaid, ToolReturned
from agentrun.plan import CallPlan
from agentrun.wire import client, server

BYTES_PER_MS = 48
Write: TypeAlias = tuple[str, tuple[Any, ...]]
"""The name and the arguments of a tool that changes something."""


@dataclass
class Witness:
    """What a client can know, written down independently of the code under test."""

    plan: CallPlan
    speaking: bool = False
    active: str | None = None
    requested: str | None = None
    ended: bool = False
    begun: set[str] = field(default_factory=set)
    dead: set[str] = field(default_factory=set)
    response_of: dict[str, str] = field(default_factory=dict)
    asides: set[str] = field(default_factory=set)
    called: dict[str, set[str]] = field(default_factory=dict)  # response to its function calls
    answered: Counter[str] = field(default_factory=Counter)
    started: set[str] = field(default_factory=set)
    complete: set[tuple[str, str]] = field(default_factory=set)  # complete items of function calls
    whole: set[str] = field(default_factory=set)  # function calls of completed responses
    done: dict[Write, str] = field(default_factory=dict)  # what came of it
    write_of: dict[str, Write] = field(default_factory=dict)
    placeholders: Counter[str] = field(default_factory=Counter)
    sent_ms: Counter[str] = field(default_factory=Counter)
    heard_ms: dict[str, int] = field(default_factory=dict)
    busy_until_ms: int = 0
    unanswered_turn: bool = False

    def see(self, event: Input, commands: list[Command], now_ms: int) -> None:
        """Take one step of the conversation."""
        if not self.ended:
            self._learn(event, now_ms)
        for command in commands:
            if self.ended:
                assert isinstance(command, Tell), "a command after the end"
                if isinstance(command.report, ToolReturned):
                    assert command.report.late
            self._check(command, now_ms)

    def check_at_rest(self) -> None:
        """Check what must be true once nothing moves any more."""
        assert not self.unanswered_turn, "a turn of the caller was never answered"
        for calls in self.called.values():
            for call_id in calls:
                assert self.answered[call_id] == 1, f"{call_id} was answered {self.answered[call_id]} times"

    def _learn(self, event: Input, now_ms: int) -> None:
        match event:
            case server.InputAudioBufferSpeechStarted():
                self.speaking = True
                self.dead |= self.asides
                if self._interrupts:
                    self.dead |= self.begun
            case server.InputAudioBufferSpeechStopped():
                self.speaking = False
            case server.InputAudioBufferCommitted():
                self.unanswered_turn = True
            case server.ResponseCreated():
                self._learn_created(event)
            case server.ResponseDone():
                self._learn_done(event)
            case server.ResponseOutputItemDone() if event.item["type"] == "function_call":
                if event.item["call_id"]:
                    self.called.setdefault(event.response_id, set()).add(event.item["call_id"])
                if event.item["status"] == "completed":
                    self.complete.add((event.response_id, event.item["call_id"]))
            case server.ResponseOutputAudioDelta():
                self.response_of[event.item_id] = event.response_id
            case server.Error() if event.error.get("event_id") == self.requested:
                self.requested = None
            case CallerPlayed():
                heard_ms = min(event.ms, self.sent_ms[event.item_id])
                if heard_ms > self.heard_ms.get(event.item_id, 0):
                    self.heard_ms[event.item_id] = heard_ms
                    # how fast the channel plays is its own affair: only what is queued later sounds for sure
                    self.busy_until_ms = min(self.busy_until_ms, now_ms)

    def _learn_done(self, event: server.ResponseDone) -> None:
        response_id = event.response["id"]
        if response_id == self.active:
            self.active = None
        if event.response["status"] == "completed":
            self.whole |= {call_id for response, call_id in self.complete if response == response_id}

    def _learn_created(self, event: server.ResponseCreated) -> None:
        response_id, metadata = event.response["id"], event.response["metadata"] or {}
        self.begun.add(response_id)
        if metadata.get("agentrun") == "placeholder":
            self.asides.add(response_id)
            return
        self.active = response_id
        self.unanswered_turn = False
        if metadata.get("agentrun_request") == self.requested:
            self.requested = None

    @property
    def _interrupts(self) -> bool:
        detection = self.plan.session.get("audio", {}).get("input", {}).get("turn_detection", {})
        return detection is not None and detection.get("interrupt_response", True)

    def _check(self, command: Command, now_ms: int) -> None:
        match command:
            case Send():
                self._check_sent(command.event, now_ms)
            case Play():
                self._check_played(command, now_ms)
            case Clear():
                self.dead |= self.begun
                self.busy_until_ms = 0
            case StartTool():
                self._check_start(command)
            case Tell(ToolReturned() as back) if back.call_id in self.write_of:
                self.done[self.write_of[back.call_id]] = back.outcome
            case Tell(AgentSaid() as said):
                assert said.text.startswith(said.heard), "heard what was never generated"
            case Tell(CallerSaid()):  # typed: our model server transcribes nothing
                self.unanswered_turn = True
                self.dead |= self.begun
            case Tell(PlaceholderSaid() as said):
                assert not self.answered[said.call_id], "a placeholder after the result"
                self.placeholders[said.call_id] += 1
                tool = self.plan.tool(said.tool)
                assert tool is not None
                assert tool.placeholder is not None
                assert self.placeholders[said.call_id] <= tool.placeholder.most
            case Tell(ErrorReported(code="response_stalled")):
                self.active = self.requested = None
            case End():
                self.ended = True
                self.unanswered_turn = False

    def _check_start(self, start: StartTool) -> None:
        assert start.call_id not in self.started
        self.started.add(start.call_id)
        assert start.call_id in self.whole, "ran a call of a response that did not complete"
        tool = self.plan.tool(start.name)
        assert tool is not None
        if tool.effect == "write" and tool.idempotency.kind != "natural" and tool.kind == "python":
            write = (start.name, tuple(sorted(json.loads(start.arguments).items())))
            assert self.done.get(write, "failed") == "failed", "the same write ran twice"
            self.done[write] = "running"
            self.write_of[start.call_id] = write

    def _check_played(self, command: Play, now_ms: int) -> None:
        response_id = self.response_of[command.item_id]
        assert response_id not in self.dead, "played after it was cut off"
        size_ms = len(command.audio) // BYTES_PER_MS
        self.sent_ms[command.item_id] += size_ms
        self.busy_until_ms = max(self.busy_until_ms, now_ms) + size_ms

    def _is_sounding(self, now_ms: int) -> bool:
        alive = [item for item in self.sent_ms if self.response_of.get(item) not in self.dead]
        unheard = any(self.sent_ms[item] > self.heard_ms.get(item, 0) for item in alive)
        return unheard and now_ms < self.busy_until_ms

    def _check_sent(self, event: client.ClientEvent, now_ms: int) -> None:
        match event:
            case client.ResponseCreate():
                self._check_create(event, now_ms)
            case client.ConversationItemTruncate():
                assert self.plan.channel.owns_playback
                assert event.audio_end_ms == self.heard_ms.get(event.item_id, 0)
            case client.ConversationItemCreate() if event.item["type"] == "function_call_output":
                call_id = event.item["call_id"]
                self.answered[call_id] += 1
                assert self.answered[call_id] == 1, "answered twice"

    def _check_create(self, event: client.ResponseCreate, now_ms: int) -> None:
        assert event.response is not None
        kind = event.response["metadata"]["agentrun"]
        assert not self.speaking, "asked for a response while the caller speaks"
        assert self.active is None, "asked for a response while one is active"
        assert self.requested is None, "asked twice"
        assert not self._is_sounding(now_ms), "asked for words over the agent's own"
        if kind == "placeholder":
            assert any(not self.answered[call_id] for call_id in self.started), "nothing to wait for"
            return
        self.requested = event.event_id
        self.unanswered_turn = False
        if kind == "results":
            whole = [calls for calls in self.called.values() if all(self.answered[each] for each in calls)]
            assert whole, "asked before all calls of a response were answered"
