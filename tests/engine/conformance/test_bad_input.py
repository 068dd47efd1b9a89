"""Bad input: each kind has its error, takes bounded memory and leaves the session as it was."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest

from agentrun.engine import history
from agentrun.engine.buffer import MAX_HELD_MS
from agentrun.engine.effects import Generate, Wake
from agentrun.engine.history import History
from agentrun.engine.items import Item
from agentrun.engine.seams import Say
from agentrun.engine.speech.turns import SpeechStarted, SpeechStopped
from agentrun.errors import RemoteProtocolError
from tests.engine.kit import Session, append, error_of, names

FRAMES = [
    ("", "invalid_event", None),
    ("{", "invalid_event", None),
    ("[]", "invalid_event", None),
    ("null", "invalid_event", None),
    ('{"type": NaN}', "invalid_event", None),
    ("[" * 100_000, "invalid_event", None),
    ("{}", "invalid_event", "type"),
    ('{"type":"nope","event_id":"e1"}', "invalid_value", "type"),
    ('{"type":7,"event_id":"e1"}', "invalid_value", "type"),
    ('{"type":"response.cancel","x":1,"event_id":"e1"}', "unknown_parameter", "x"),
    ('{"type":"response.cancel","response_id":7,"event_id":"e1"}', "invalid_type", "response_id"),
    ('{"type":"conversation.item.delete","event_id":"e1"}', "missing_required_parameter", "item_id"),
    ('{"type":"input_audio_buffer.append","event_id":"e1"}', "missing_required_parameter", "audio"),
    ('{"type":"input_audio_buffer.append","audio":"?","event_id":"e1"}', "invalid_value", "audio"),
    ('{"type":"input_audio_buffer.append","audio":"AAA=","event_id":"e1"}', None, None),
    ('{"type":"input_audio_buffer.append","audio":"AAAA","event_id":"e1"}', "invalid_value", "audio"),
    ('{"type":"input_audio_buffer.append","audio":5,"event_id":"e1"}', "invalid_type", "audio"),
    ('{"type":"output_audio_buffer.clear","event_id":"e1"}', "invalid_value", "type"),
]


@pytest.mark.parametrize(("frame", "code", "param"), FRAMES, ids=range(len(FRAMES)))
def test_bad_frame_has_its_error(frame: str, code: str | None, param: str | None) -> None:
    session = Session(text=True)
    events = session.put(frame)
    if code is None:
        assert events == []
    else:
        error = error_of(events)
        assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
        assert error["event_id"] == ("e1" if "e1" in frame else None)
    assert names(session.say("still here")) == ["conversation.item.added", "conversation.item.done"]


def test_id_of_an_event_has_a_bound_and_is_never_echoed_beyond_it() -> None:
    session = Session()
    assert error_of(session.send("response.cancel", event_id="e" * 512))["event_id"] == "e" * 512
    error = error_of(session.send("response.cancel", event_id="e" * 513))
    assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", "event_id", None)


def test_sound_that_ends_within_a_sample_is_refused_whole() -> None:
    session = Session()
    append(session, 100)
    odd = base64.b64encode(bytes(4801)).decode()
    assert error_of(session.send("input_audio_buffer.append", audio=odd))["param"] == "audio"
    part = {"type": "input_audio", "audio": odd}
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}, part]}
    assert error_of(session.send("conversation.item.create", item=item))["param"] == "item.content[1].audio"
    beside = {"conversation": "none", "input": [item]}
    error = error_of(session.send("response.create", response=beside))
    assert error["param"] == "response.input[0].content[1].audio"
    session.send("input_audio_buffer.commit")
    assert len(session.transcribed[0].audio) == 4800


def test_sound_that_nobody_commits_is_forgotten_from_its_front() -> None:
    session = Session()
    session.update(audio={"input": {"turn_detection": None, "format": {"type": "audio/pcmu"}}})
    minute = base64.b64encode(bytes(8 * 60_000)).decode()
    for _ in range(15):
        assert session.send("input_audio_buffer.append", audio=minute) == []
    session.send("input_audio_buffer.commit")
    assert len(session.transcribed[0].audio) == 8 * MAX_HELD_MS


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a conversation be full soon."""
    monkeypatch.setattr(history, "MAX_ITEMS", 4)


@pytest.mark.usefixtures("few")
def test_conversation_that_is_full_takes_nothing_more_until_something_is_deleted() -> None:
    session = Session([[Say("Hi.")]] * 3, text=True)
    for index in range(4):
        session.say("x", id=f"item_{index}")
    code = "conversation_item_limit_reached"
    assert error_of(session.say("one more"))["code"] == code
    assert error_of(session.send("response.create"))["code"] == code
    append(session, 500)
    assert error_of(session.send("input_audio_buffer.commit"))["code"] == code
    session.put(SpeechStarted(0))
    stopped = session.put(SpeechStopped(400, 500))
    assert names(stopped) == ["input_audio_buffer.speech_stopped", "error"]
    assert stopped[1]["error"]["code"] == code
    beside = session.send("response.create", response={"conversation": "none", "input": []})
    assert names(beside)[0] == "response.created"
    for _ in range(100):
        assert error_of(session.say("a flood"))["code"] == code
    session.send("conversation.item.delete", item_id="item_2")
    assert names(session.say("there is room"))[0] == "conversation.item.added"


@pytest.mark.usefixtures("few")
def test_idle_caller_of_a_full_conversation() -> None:
    session = Session([[Say("Hi.")]], text=True)
    detection = {"type": "server_vad", "idle_timeout_ms": 5000}
    session.update(audio={"input": {"turn_detection": detection}})
    session.send("response.create")
    for _ in range(3):
        session.say("x")
    session.now_ms = 60_000
    assert error_of(session.put(Wake()))["code"] == "conversation_item_limit_reached"
    assert session.core.deadline_ms == 3_600_000


def test_text_and_images_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MAX_HELD_BYTES", 100_000)
    session = Session()
    first = session.say("x" * 60_000)[0]["item"]["id"]
    assert error_of(session.say("y" * 60_000))["code"] == "conversation_item_limit_reached"
    session.send("conversation.item.delete", item_id=first)
    assert names(session.say("y" * 60_000))[0] == "conversation.item.added"


def test_responses_side_by_side_have_a_bound() -> None:
    session = Session(hold=(Generate,))
    beside = {"conversation": "none", "input": []}
    for _ in range(64):
        assert names(session.send("response.create", response=beside)) == ["response.created"]
    assert error_of(session.send("response.create", response=beside))["code"] == "too_many_active_responses"
    assert session.answer()
    assert names(session.send("response.create", response=beside))[0] == "response.created"


class TestHistory:
    """The list itself."""

    def fill(self, count: int) -> History:
        items = History()
        for index in range(count):
            items.append(make(f"item_{index}"))
        return items

    def test_there_is_room_up_to_the_bound(self) -> None:
        items = self.fill(history.MAX_ITEMS - 1)
        items.check_room()
        items.append(make("last"))
        with pytest.raises(RemoteProtocolError, match="20000 items"):
            items.check_room()

    def test_work_of_one_event_does_not_grow_with_the_conversation(self) -> None:
        items = self.fill(1000)
        touched = CountingDict(items._items)
        items._items = touched
        items.insert(make("item_x"), "item_500")
        items.find("item_700")
        items.remove(make("item_x"))
        items.append(make("item_y"))
        assert touched.touched < 20

    def test_order_survives_any_edit(self) -> None:
        items = self.fill(3)
        items.insert(make("front"), "root")
        items.insert(make("middle"), "item_0")
        items.insert(make("end"), "item_2")
        for gone in ("front", "item_1", "end"):
            items.remove(make(gone))
        assert [item.id for item in items] == ["item_0", "middle", "item_2"]
        assert (items.first_id, items.last_id) == ("item_0", "item_2")
        assert [item.id for item in items.iterate_from("middle")] == ["middle", "item_2"]
        assert [item.id for item in items.iterate_from("gone")] == ["item_0", "middle", "item_2"]
        for item in list(items):
            items.remove(item)
        assert (items.first_id, items.last_id, len(items)) == (None, None, 0)
        assert items.append(make("new")) is None

    def test_old_sound_is_forgotten_and_its_length_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(history, "MAX_AUDIO_BYTES", 10_000)
        items = History()
        for index in range(8):
            items.append(Item(make(f"item_{index}").wire, pieces=[bytes(4000)], audio_ms=83))
        kept = [item.id for item in items if item.pieces]
        assert kept == ["item_4", "item_5", "item_6", "item_7"]
        assert {item.audio_ms for item in items} == {83}


def make(item_id: str) -> Item:
    return Item({"id": item_id, "type": "message", "role": "user", "content": []})


class CountingDict(dict[str, Item]):
    """Counts how often it is looked at."""

    touched = 0

    def __getitem__(self, key: str) -> Item:
        self.touched += 1
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.touched += 1
        return super().get(key, default)

    def __iter__(self) -> Any:
        self.touched += len(self)
        return super().__iter__()


async def test_bad_frames_of_one_client_do_not_reach_another() -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    from tests.engine.test_server import open_door

    async with open_door([[Say("Fine.")]]) as door, door.call() as good:
        await good.recv()
        async with connect(door.url, proxy=None, max_size=None) as bad:
            await bad.recv()
            for frame in ("{", b"\xff\xfe", '{"type":"input_audio_buffer.append","audio":"AAAA"}'):
                await bad.send(frame)
                assert json.loads(await bad.recv())["type"] == "error"
            with contextlib.suppress(ConnectionClosed):
                await bad.send("x" * (16 * 1024 * 1024 + 1))
            await bad.wait_closed()
        assert bad.close_code == 1009
        await good.response.create()
        async for event in good:
            if event.type == "response.done":
                assert event.response.status == "completed"
                break
