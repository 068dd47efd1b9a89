from __future__ import annotations

import pytest

from agentrun.conversation.generation import RETRY_AFTER_MS, SERVER_OWES_MS, Active, Generation, Owed
from agentrun.conversation.outbox import Outbox
from agentrun.wire.json import JsonObject

STALL_MS = 30_000


def ours(generation: Generation, response_id: str = "resp_1") -> JsonObject:
    assert generation.requested is not None
    metadata = {"agentrun": "turn", "agentrun_request": generation.requested.event_id}
    return {"id": response_id, "metadata": metadata}


def asking(*owed: Owed) -> Generation:
    generation = Generation(Outbox())
    for each in owed:
        generation.owe(each)
    generation.ask(0)
    return generation


def test_one_free_answer_serves_everything_that_can_be_answered_freely() -> None:
    turn, say, results = Owed("turn"), Owed("say", "words"), Owed("results")
    generation = asking(turn, say, results)
    assert generation.requested is not None
    assert generation.requested.serves == [turn, results]
    assert generation.owed == [say]


def test_prescribed_words_are_a_response_of_their_own() -> None:
    say, turn = Owed("say", "words"), Owed("turn")
    generation = asking(say, turn)
    assert generation.requested is not None
    assert generation.requested.serves == [say]


def test_nothing_is_asked_while_the_server_is_to_begin_by_itself() -> None:
    generation = Generation(Outbox())
    generation.owe(Owed("turn"))
    generation.expect_server(0)
    generation.ask(SERVER_OWES_MS - 1)
    assert generation.is_idle
    assert generation.deadlines_ms(0, STALL_MS) == [SERVER_OWES_MS]
    generation.ask(SERVER_OWES_MS)
    assert not generation.is_idle


@pytest.mark.parametrize(("needs", "settled"), [((), True), (("a",), True), (("a", "b"), False)])
def test_the_servers_response_settles_what_it_knows(needs: tuple[str, ...], settled: bool) -> None:
    generation = Generation(Outbox())
    generation.owe(Owed("results", needs=frozenset(needs)))
    generation.owe(Owed("say", "words"))
    generation.note_in_context("a")
    active = generation.note_created({"id": "resp_1"}, 0)
    assert len(active.serves) == settled
    assert len(generation.owed) == 2 - settled


def test_the_servers_response_settles_what_was_just_asked_for() -> None:
    generation = asking(Owed("turn"))
    generation.note_created({"id": "resp_1"}, 0)
    assert generation.requested is not None
    assert generation.requested.withdrawn
    assert generation.note_refused(generation.requested.event_id, 0, occupied=True)
    assert generation.owed == []


def test_a_request_that_is_refused_although_nothing_is_active_is_tried_once_more() -> None:
    generation = asking(Owed("turn"))
    assert generation.requested is not None
    assert not generation.note_refused(generation.requested.event_id, 0, occupied=True)
    assert generation.deadlines_ms(0, STALL_MS) == [RETRY_AFTER_MS]
    generation.ask(RETRY_AFTER_MS)
    assert generation.requested is not None
    assert not generation.note_refused(generation.requested.event_id, RETRY_AFTER_MS, occupied=False)
    assert generation.owed == []


def test_refusals_of_something_else_change_nothing() -> None:
    generation = asking(Owed("turn"))
    assert not generation.note_refused("other", 0, occupied=True)
    assert not generation.is_idle


@pytest.mark.parametrize(
    ("status", "spoke", "again"),
    [
        ("completed", False, False),
        ("cancelled", False, False),
        ("failed", True, True),
        ("incomplete", True, False),
        ("incomplete", False, True),
    ],
)
def test_what_a_response_left_unsaid_is_owed_again(status: str, spoke: bool, again: bool) -> None:
    generation = Generation(Outbox())
    generation.note_created({"id": "resp_1"}, 0)
    generation.note_progress("resp_1", 5, spoke=spoke)
    assert generation.note_done({"id": "resp_0", "status": status}, 10) is None
    assert generation.note_done({"id": "resp_1", "status": status}, 10) is not None
    assert [owed.not_before_ms for owed in generation.owed] == ([510] if again else [])


def test_a_silenced_response_is_not_repeated() -> None:
    generation = Generation(Outbox())
    generation.note_created({"id": "resp_1"}, 0)
    stopped = generation.withdraw()
    assert stopped is generation.active
    assert generation.withdraw() is None
    generation.note_done({"id": "resp_1", "status": "failed"}, 10)
    assert generation.owed == []


def test_what_stalls_is_dropped_together() -> None:
    generation = asking(Owed("turn"))
    generation.note_created({"id": "resp_1"}, 0)
    assert generation.deadlines_ms(0, STALL_MS) == [STALL_MS, STALL_MS]
    assert generation.drop_stalled(STALL_MS - 1, STALL_MS) == []
    dropped = generation.drop_stalled(STALL_MS, STALL_MS)
    assert [isinstance(each, Active) for each in dropped] == [True, False]
    assert generation.is_idle


def test_ours_is_known_by_its_metadata() -> None:
    turn = Owed("turn")
    generation = asking(turn)
    assert generation.note_created(ours(generation), 0).serves == [turn]
    assert generation.requested is None
