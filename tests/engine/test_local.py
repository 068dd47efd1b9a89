"""The engine in virtual time."""

from __future__ import annotations

import datetime
import time
from typing import Any

import pytest

from agentrun.engine.effects import HostedToolReturned, HostedToolsListed, ListHostedTools
from agentrun.engine.hosting.host import HostedAnswer, HostedOrder
from agentrun.engine.hosting.values import HostedTool
from agentrun.engine.local import SPEED_UP, THINKING_MS, LocalEngine
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.errors import ConnectFailed, LocalProtocolError
from agentrun.wire import ServerEvent, client, server
from tests.engine.kit import EPOCH, check_official

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}


def make_engine(*script: list[Move], **options: Any) -> LocalEngine:
    return LocalEngine(ScriptedResponder(script), now=lambda: EPOCH, **options)


def run(engine: LocalEngine, until_ms: int) -> list[tuple[int, ServerEvent]]:
    """Advance from deadline to deadline, as a driver does, and return events with their times."""
    timed: list[tuple[int, ServerEvent]] = []
    while (due_ms := engine.deadline_ms) is not None and due_ms <= until_ms:
        for event in engine.advance(due_ms):
            check_official(event)
            timed.append((due_ms, event))
    return timed


def test_session_is_created_first() -> None:
    engine = make_engine()
    assert engine.deadline_ms == 0
    events = engine.handle(client.ConversationItemCreate(USER), 0)
    assert [event.type for event in events if not isinstance(event, server.UnknownEvent)] == [
        "session.created",
        "conversation.item.added",
        "conversation.item.done",
    ]


def test_thinking_and_speaking_take_their_time() -> None:
    engine = make_engine([Say("Good morning, this is the order desk. How can I help you today?")])
    engine.advance(0)
    engine.handle(client.ResponseCreate(), 1000)
    timed = run(engine, 60_000)
    first_delta = next(
        at for at, event in timed if isinstance(event, server.ResponseOutputAudioTranscriptDelta)
    )
    assert first_delta == 1000 + THINKING_MS
    sound = [(at, event.delta) for at, event in timed if isinstance(event, server.ResponseOutputAudioDelta)]
    sound_ms = sum(len(delta) for _, delta in sound) // 48
    assert 2000 < sound_ms < 8000
    assert sound[-1][0] - first_delta == pytest.approx(sound_ms / SPEED_UP, abs=2)
    assert isinstance(timed[-2][1], server.ResponseDone)


def test_caller_who_speaks_in_mid_sentence() -> None:
    engine = make_engine([Say("A sentence that takes some seconds to say, and then some more.")])
    engine.advance(0)
    engine.handle(client.ResponseCreate(), 0)
    run(engine, 300)
    events = engine.handle(client.ResponseCancel(), 300)
    assert isinstance(events[-2], server.ResponseDone)
    assert events[-2].response["status_details"]["reason"] == "client_cancelled"
    assert run(engine, 60_000) == []


def test_same_seed_same_call() -> None:
    def rehearse(seed: int) -> list[tuple[int, ServerEvent]]:
        engine = make_engine([Call("f", {}), Say("x")], seed=seed)
        created = engine.handle(client.ResponseCreate(), 0)
        return [(0, event) for event in created] + run(engine, 10_000)

    assert rehearse(1) == rehearse(1)
    assert rehearse(1) != rehearse(2)


def test_nobody_dials_in_virtual_time() -> None:
    engine = make_engine()
    tools = [{"type": "mcp", "server_label": "desk", "server_url": "https://example.com/mcp"}]
    engine.handle(client.SessionUpdate({"type": "realtime", "tools": tools}), 1000)
    at_ms, event = run(engine, 60_000)[-1]
    assert isinstance(event, server.McpListToolsFailed)
    assert at_ms == 1000 + THINKING_MS


def test_hosted_tools_in_virtual_time() -> None:
    def host(order: HostedOrder) -> HostedAnswer:
        if isinstance(order, ListHostedTools):
            return HostedToolsListed(order.item_id, [HostedTool("look", "", {"type": "object"}, {})])
        return HostedToolReturned(order.item_id, f"looked for {order.arguments['q']}")

    engine = make_engine([Call("look", {"q": "x"})], host=host)
    tool = {"type": "mcp", "server_label": "desk", "server_url": "https://example.com/mcp"}
    tools = [{**tool, "require_approval": "never"}]
    engine.handle(client.SessionUpdate({"type": "realtime", "tools": tools}), 0)
    run(engine, 1000)
    engine.handle(client.ResponseCreate(), 1000)
    at_ms, ended = run(engine, 60_000)[-1]
    assert isinstance(ended, server.ResponseOutputItemDone)
    assert (at_ms, ended.item["output"]) == (1000 + 2 * THINKING_MS, "looked for x")


def test_late_advance_catches_up_in_order() -> None:
    one, other = make_engine([Say("Hello.")]), make_engine([Say("Hello.")])
    for engine in (one, other):
        engine.handle(client.ResponseCreate(), 0)
    assert one.advance(30_000) == [event for _, event in run(other, 30_000)]


def test_committed_audio_is_not_understood_and_says_so() -> None:
    engine = make_engine([])
    on = {"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    engine.handle(client.SessionUpdate(on), 0)
    engine.handle(client.InputAudioBufferAppend(bytes(48 * 200)), 0)
    engine.handle(client.InputAudioBufferCommit(), 0)
    (failed,) = engine.advance(0)
    assert isinstance(failed, server.InputTranscriptionFailed)


def test_session_closes_after_an_hour() -> None:
    engine = make_engine()
    engine.advance(0)
    assert run(engine, 3_600_000) == []
    assert engine.closed is not None
    assert engine.deadline_ms is None


class Unreachable:
    def respond(self, prompt: Prompt) -> list[Move]:
        raise ConnectFailed("nobody answers", url="http://127.0.0.1:9/v1")


def test_mind_that_cannot_be_reached_fails_the_response() -> None:
    engine = LocalEngine(Unreachable(), now=lambda: EPOCH)
    engine.handle(client.ResponseCreate(), 0)
    (_, done), _ = run(engine, 1000)
    assert isinstance(done, server.ResponseDone)
    assert done.response["status_details"]["error"]["message"] == "nobody answers"


class Streaming:
    async def respond(self, prompt: Prompt) -> Any:
        yield Say("x")


def test_streaming_mind_is_refused() -> None:
    engine = LocalEngine(Streaming(), now=lambda: EPOCH)
    with pytest.raises(LocalProtocolError):
        engine.handle(client.ResponseCreate(), 0)


def test_prompt_knows_the_time() -> None:
    mind = ScriptedResponder([[]])
    engine = LocalEngine(mind, now=lambda: EPOCH)
    engine.handle(client.ResponseCreate(), 90_000)
    assert mind.prompts[0].now == EPOCH + datetime.timedelta(seconds=90)


def test_an_hour_of_call_is_quick() -> None:
    turns = 200
    script: list[list[Move]] = [[Say("I have looked that up for you, it arrives on Thursday.")]] * turns
    engine = make_engine(*script)
    began = time.process_time()
    for turn in range(turns):
        at_ms = turn * 17_000
        engine.handle(client.ConversationItemCreate(USER), at_ms)
        engine.handle(client.ResponseCreate(), at_ms)
        engine.advance(at_ms + 10_000)
    assert time.process_time() - began < 3.0


def test_rehearsal_greets_as_it_is_told() -> None:
    from agentrun.engine.responders.rehearsal import RehearsalResponder

    engine = LocalEngine(RehearsalResponder(), now=lambda: EPOCH)
    engine.handle(client.ResponseCreate({"instructions": "Say exactly: Good morning, order desk."}), 0)
    done = [event for _, event in run(engine, 20_000) if isinstance(event, server.ResponseDone)]
    assert done[0].response["output"][0]["content"][0]["transcript"] == "Good morning, order desk."
