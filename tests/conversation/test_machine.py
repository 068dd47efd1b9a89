"""One test for each situation of a call; the inputs and the commands can be read as a script."""

from __future__ import annotations

import dataclasses

import pytest

from agentrun.conversation.commands import End, Play, StartTool
from agentrun.conversation.inputs import (
    CallerAudio,
    CallerDigit,
    CallerImage,
    CallerLeft,
    CallerPlayed,
    CallerText,
    HangUpRequested,
    LinkDown,
    LinkUp,
    SayRequested,
    StopRequested,
    ToolFinished,
    Wake,
)
from agentrun.conversation.machine import Conversation, Phase
from agentrun.conversation.reports import (
    AgentSaid,
    CallerInterrupted,
    CallerSaid,
    ErrorReported,
    FirstSound,
    PlaceholderSaid,
    ToolCalled,
    ToolReturned,
)
from agentrun.plan import Greeting, Limits, Placeholder
from agentrun.wire import client, server
from agentrun.wire.json import JsonValue
from tests.conversation.plans import HANG_UP, MS, WAITING, make_plan, make_tool, ok
from tests.conversation.rig import Rig


def answering(rig: Rig, ms: int = 1000) -> Rig:
    """The agent is in the middle of an answer, of which 400 ms were heard."""
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.says("Good morning to you.", ms)
    rig.take(CallerPlayed("item_1", 400), 400)
    return rig


def waiting(rig: Rig, *call_ids: str) -> Rig:
    """The agent has called tools without a word."""
    rig.take(CallerText("Where is it?"))
    rig.created()
    for call_id in call_ids or ("call_1",):
        rig.calls(call_id, arguments=f'{{"order": "{call_id}"}}')
    rig.done()
    return rig


# -- barge-in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owns_playback", "expected"),
    [
        (True, ["Clear", "tell caller.interrupted", "truncate item_1 400", "tell agent.said"]),
        (False, ["Clear", "tell caller.interrupted", "tell agent.said"]),
    ],
)
def test_speech_over_the_agent_cuts_it_at_what_was_heard(owns_playback: bool, expected: list[str]) -> None:
    rig = answering(Rig.live(make_plan(owns_playback=owns_playback)))
    assert rig.speech_started() == expected
    assert rig.pick(CallerInterrupted) == [CallerInterrupted("item_1", 400)]
    assert rig.pick(AgentSaid) == [AgentSaid("item_1", "Good morning to you.", "Good", 0)]


def test_typing_over_the_agent_also_cancels_the_response() -> None:
    rig = answering(Rig.live(make_plan()))
    assert rig.take(CallerText("Stop.")) == [
        "cancel resp_1",
        "Clear",
        "tell caller.interrupted",
        "truncate item_1 400",
        "tell agent.said",
        "item input_text",
        "tell caller.said",
    ]
    assert rig.done(status="cancelled") == ["create turn"]


def test_nothing_of_a_cut_response_is_played() -> None:
    rig = answering(Rig.live(make_plan()))
    rig.speech_started()
    assert rig.says("And now", 500) == []
    assert rig.says("something else", 500, item_id="item_2") == []


def test_a_second_start_of_speech_cuts_nothing() -> None:
    rig = answering(Rig.live(make_plan()))
    rig.speech_started()
    assert rig.speech_started() == []


def test_words_that_never_sounded_were_not_heard() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.says("Good morning")
    rig.take(CallerText("Wait."))
    assert [said.heard for said in rig.pick(AgentSaid)] == [""]


def test_written_words_were_read() -> None:
    rig = Rig.live(make_plan(text_only=True))
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.writes("Good morning")
    rig.take(CallerText("Wait."))
    assert [said.heard for said in rig.pick(AgentSaid)] == ["Good morning"]


def test_a_request_that_speech_overtook_is_cancelled_when_it_begins() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.speech_started()
    assert rig.created() == ["cancel resp_1"]
    assert rig.says("Good morning", 100) == []


def test_without_interruption_the_agent_goes_on() -> None:
    rig = answering(Rig.live(make_plan(turn_detection={"interrupt_response": False})))
    assert rig.speech_started() == []
    assert rig.says(" Sir.", 100) == ["tell agent.speaking", "Play item_1"]


# -- turns --------------------------------------------------------------------------------------------------


def test_the_server_answers_speech_by_itself() -> None:
    rig = Rig.live(make_plan())
    rig.speech_started()
    assert rig.speech_stopped(500) == []
    assert rig.created(own=True) == []
    rig.says("Hello.", 100)
    assert rig.pick(FirstSound) == [FirstSound("item_1", 0)]


def test_speech_that_the_server_leaves_unanswered_is_answered_on_request() -> None:
    rig = Rig.live(make_plan())
    rig.speech_started()
    rig.speech_stopped()
    assert rig.take(Wake(), 2999) == []
    assert rig.take(Wake(), 1) == ["create turn"]


@pytest.mark.parametrize("detection", [None, {"create_response": False}])
def test_where_the_server_does_not_answer_we_ask_at_once(detection: JsonValue) -> None:
    rig = Rig.live(make_plan(turn_detection=detection))
    rig.speech_started()
    assert rig.speech_stopped() == ["create turn"]


def test_no_response_is_asked_for_while_the_caller_speaks() -> None:
    rig = Rig.live(make_plan())
    rig.speech_started()
    assert rig.take(CallerText("By the way")) == ["item input_text", "tell caller.said"]
    rig.speech_stopped()
    rig.take(server.ConversationItemAdded(None, {"id": "caller_1", "type": "message"}))
    rig.created(own=True)
    assert rig.done() == []  # the server's own response has answered both


def test_a_typed_turn_that_came_too_late_for_the_servers_response_is_answered_after_it() -> None:
    rig = Rig.live(make_plan())
    rig.speech_started()
    rig.speech_stopped()
    rig.take(CallerText("By the way"))
    rig.created(own=True)
    assert rig.done() == ["create turn"]


def test_a_server_that_was_faster_answers_for_us() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.take(server.ConversationItemAdded(None, {"id": "caller_1", "type": "message"}))
    rig.created(own=True)
    assert rig.error("conversation_already_has_active_response", rig.request_id()) == []
    assert rig.done() == []


def test_a_request_behind_another_response_is_repeated_after_it() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created(own=True)
    assert rig.error("conversation_already_has_active_response", rig.request_id()) == []
    assert rig.done() == ["create turn"]


def test_empty_turns_are_no_turns() -> None:
    assert Rig.live(make_plan()).take(CallerText("  ")) == []


def test_a_picture_is_shown_and_not_answered() -> None:
    rig = Rig.live(make_plan())
    assert rig.take(CallerImage("data:,")) == ["item input_image"]
    assert rig.conversation.is_idle


def test_keys_become_a_turn_after_a_pause() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerDigit("4"))
    rig.take(CallerDigit("2"), 1000)
    assert rig.conversation.deadline_ms == 2500
    assert rig.take(Wake(), 1499) == []
    assert rig.take(Wake(), 1) == ["item input_text", "tell caller.said", "create turn"]
    assert rig.pick(CallerSaid)[0].text == "[The caller pressed: 4 2]"


def test_recognised_words_are_shown_and_reported() -> None:
    rig = Rig.live(make_plan())
    assert rig.take(server.InputTranscriptionDelta("item_u", 0, "Good ")) == ["tell caller.speaking"]
    assert rig.take(server.InputTranscriptionCompleted("item_u", 0, "Good day.", {})) == ["tell caller.said"]
    assert rig.take(server.InputTranscriptionCompleted("item_t", 0, "", {})) == []
    assert rig.take(server.InputTranscriptionFailed("item_u", 0, {})) == ["tell error"]


def test_a_spoken_turn_is_announced_where_it_began_and_settled_when_its_words_are_known() -> None:
    plan = make_plan()
    audio = {"input": {"transcription": {"model": "gpt-realtime-whisper"}}}
    plan = dataclasses.replace(plan, session={**plan.session, "audio": audio})
    rig = Rig.live(plan)
    assert rig.speech_started() == ["tell caller.speaking"]
    assert rig.take(server.InputTranscriptionCompleted("item_u", 0, "", {})) == ["tell caller.said"]
    rig.speech_started()
    assert rig.take(server.InputTranscriptionFailed("item_u", 0, {})) == ["tell caller.said", "tell error"]


# -- tools --------------------------------------------------------------------------------------------------


def test_a_result_goes_in_at_once_and_is_told_when_the_floor_is_free() -> None:
    rig = waiting(Rig.live(make_plan(make_tool())))
    assert rig.pick(StartTool) == [StartTool("call_1", "lookup", '{"order": "call_1"}')]
    assert rig.take(ToolFinished(ok("call_1"))) == ["item call_1", "tell tool.returned", "create results"]


def test_the_caller_is_answered_while_a_tool_runs() -> None:
    rig = waiting(Rig.live(make_plan(make_tool())))
    assert rig.take(CallerText("Are you there?"))[-1] == "create turn"
    rig.created("resp_2")
    rig.says("Yes.", 100, "resp_2", "item_2")
    assert rig.take(ToolFinished(ok("call_1"))) == ["item call_1", "tell tool.returned"]
    rig.item_done({"type": "message", "id": "item_2"}, "resp_2")
    assert rig.done("resp_2") == []
    assert rig.take(CallerPlayed("item_2", 100)) == ["tell agent.said", "create results"]


def test_all_calls_of_a_response_are_answered_before_it_goes_on() -> None:
    rig = waiting(Rig.live(make_plan(make_tool())), "call_1", "call_2")
    assert "create results" not in rig.take(ToolFinished(ok("call_2")))
    assert rig.take(ToolFinished(ok("call_1")))[-1] == "create results"


@pytest.mark.parametrize(
    ("deliver", "expected"),
    [
        ("when_idle", ["item call_1", "tell tool.returned"]),
        (
            "interrupt",
            [
                *("item call_1", "tell tool.returned", "cancel resp_2"),
                *("Clear", "tell caller.interrupted", "truncate item_2 0", "tell agent.said"),
            ],
        ),
        ("next_turn", ["item call_1", "tell tool.returned"]),
        ("silent", ["item call_1", "tell tool.returned"]),
    ],
)
def test_results_that_come_while_the_agent_speaks(deliver: str, expected: list[str]) -> None:
    rig = waiting(Rig.live(make_plan(make_tool(deliver=deliver))))
    rig.take(CallerText("Are you there?"))
    rig.created("resp_2")
    rig.says("Yes, I am.", 500, "resp_2", "item_2")
    assert rig.take(ToolFinished(ok("call_1"))) == expected
    rig.done("resp_2", "cancelled")
    rig.take(Wake(), 5000)
    told = rig.pick(client.ResponseCreate)[-1].response == {
        "metadata": {"agentrun": "results", "agentrun_request": rig.request_id()}
    }
    assert told == (deliver in ("when_idle", "interrupt"))


@pytest.mark.parametrize("status", ["cancelled", "incomplete", "failed"])
def test_calls_of_a_broken_response_never_run_and_are_answered(status: str) -> None:
    rig = Rig.live(make_plan(make_tool()))
    rig.take(CallerText("Where is it?"))
    rig.created()
    rig.calls()
    rig.done(status=status)
    assert rig.pick(StartTool) == []
    assert [(back.call_id, back.outcome) for back in rig.pick(ToolReturned)] == [("call_1", "cancelled")]


def test_a_result_after_the_deadline_is_only_reported() -> None:
    rig = waiting(Rig.live(make_plan(make_tool(timeout_ms=5000))))
    assert rig.conversation.deadline_ms == 5000
    assert rig.take(Wake(), 5000) == [
        "CancelTool call_1",
        "item call_1",
        "tell tool.returned",
        "create results",
    ]
    assert rig.take(ToolFinished(ok("call_1"))) == ["tell tool.returned"]
    assert [(back.outcome, back.late) for back in rig.pick(ToolReturned)] == [
        ("unknown", False),
        ("ok", True),
    ]


def test_a_timeout_that_must_be_told_at_once_stops_the_response() -> None:
    rig = waiting(Rig.live(make_plan(make_tool(deliver="interrupt", timeout_ms=5000))))
    rig.take(CallerText("Are you there?"))
    rig.created("resp_2")
    assert "cancel resp_2" in rig.take(Wake(), 5000)


def test_a_tool_that_an_interruption_stops() -> None:
    rig = waiting(Rig.live(make_plan(make_tool(on_interrupt="cancel", effect="read"))))
    assert rig.speech_started() == ["CancelTool call_1", "item call_1", "tell tool.returned"]
    assert [back.outcome for back in rig.pick(ToolReturned)] == ["cancelled"]


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ([("call_1", "nonsense")], "There is no tool"),
        ([("call_1", "lookup"), ("call_2", "lookup"), ("call_3", "lookup")], "2 times on one call"),
        ([("call_1", "lookup"), ("call_2", "lookup"), ("call_3", "book"), ("call_4", "book")], "used up"),
    ],
)
def test_refused_calls_are_answered(calls: list[tuple[str, str]], code: str) -> None:
    plan = make_plan(
        make_tool(max_per_call=2, effect="read"),
        make_tool("book", effect="read"),
        limits=Limits(max_tool_calls=3),
    )
    rig = Rig.live(plan)
    rig.take(CallerText("Go."))
    rig.created()
    for call_id, name in calls:
        rig.calls(call_id, name)
    rig.done()
    [refused] = rig.pick(ToolReturned)
    assert (refused.outcome, code in refused.message) == ("refused", True)


@pytest.mark.parametrize("call_id", ["", "call_1"])
def test_a_call_without_an_id_of_its_own_is_reported(call_id: str) -> None:
    rig = waiting(Rig.live(make_plan(make_tool())))
    rig.take(CallerText("Again."))
    rig.created("resp_2")
    rig.calls(call_id, response_id="resp_2")
    rig.done("resp_2")
    assert [error.code for error in rig.pick(ErrorReported)] == ["invalid_function_call"]
    assert len(rig.pick(StartTool)) == 1


def test_owed_results_are_settled_by_the_servers_response_if_it_knew_them() -> None:
    rig = waiting(Rig.live(make_plan(make_tool())))
    rig.speech_started()
    rig.take(ToolFinished(ok("call_1")))
    rig.take(server.ConversationItemAdded(None, {"type": "function_call_output", "call_id": "call_1"}))
    rig.speech_stopped()
    rig.created("resp_2", own=True)
    assert rig.done("resp_2") == []
    assert rig.conversation.is_idle


# -- placeholders -------------------------------------------------------------------------------------------


def silence(rig: Rig) -> Rig:
    """A placeholder has been asked for."""
    waiting(rig)
    assert rig.conversation.deadline_ms == 800
    assert rig.take(Wake(), 800) == ["create placeholder"]
    return rig


def test_a_placeholder_is_spoken_out_of_band_and_then_the_result() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    response = rig.pick(client.ResponseCreate)[-1].response or {}
    assert (response["conversation"], response["tools"], response["input"]) == ("none", [], [])
    rig.created("resp_p")
    assert "tell placeholder.said" in rig.says("One moment.", 500, "resp_p", "item_p")
    rig.item_done({"type": "message", "id": "item_p"}, "resp_p")
    rig.done("resp_p")
    assert rig.take(ToolFinished(ok("call_1"))) == ["item call_1", "tell tool.returned"]  # it still sounds
    assert rig.take(CallerPlayed("item_p", 500)) == ["create results"]


def test_a_placeholder_that_the_caller_hears_already_is_finished() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    rig.created("resp_p")
    rig.says("One ", 200, "resp_p", "item_p")
    assert rig.take(ToolFinished(ok("call_1"))) == ["item call_1", "tell tool.returned"]
    assert rig.says("moment.", 200, "resp_p", "item_p") == ["Play item_p"]
    assert rig.take(CallerPlayed("item_p", 400)) == []
    assert rig.done("resp_p") == ["create results"]


def test_a_placeholder_is_withdrawn_if_the_result_comes_first() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    rig.created("resp_p")
    assert rig.take(ToolFinished(ok("call_1"))) == [
        "item call_1",
        "tell tool.returned",
        "cancel resp_p",
        "create results",
    ]
    assert rig.says("One moment.", 500, "resp_p", "item_p") == []
    rig.done("resp_p", "cancelled")
    assert rig.pick(PlaceholderSaid) == []


def test_a_placeholder_that_begins_after_the_result_is_cancelled() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING, deliver="next_turn"))))
    rig.take(ToolFinished(ok("call_1")))
    assert rig.created("resp_p") == ["cancel resp_p"]
    assert rig.says("One moment.", 500, "resp_p", "item_p") == []
    assert rig.done("resp_p", "cancelled") == []
    assert rig.conversation.is_idle


def test_two_tools_take_turns_with_placeholders() -> None:
    rig = waiting(Rig.live(make_plan(make_tool(placeholder=WAITING))), "call_1", "call_2")
    for turn, call_id in enumerate(("call_1", "call_2")):
        rig.take(Wake(), (rig.conversation.deadline_ms or 0) - rig.now_ms)
        rig.created(f"resp_p{turn}")
        rig.says("One moment.", 500, f"resp_p{turn}", f"item_p{turn}")
        rig.done(f"resp_p{turn}")
        rig.take(CallerPlayed(f"item_p{turn}", 500), 500)
        assert rig.pick(PlaceholderSaid)[-1].call_id == call_id
    assert rig.now_ms == 800 + 500 + 800 + 500


def test_the_caller_speaks_over_a_placeholder() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    rig.created("resp_p")
    rig.says("One moment.", 500, "resp_p", "item_p")
    assert rig.speech_started() == ["cancel resp_p", "Clear", "tell caller.interrupted"]
    rig.done("resp_p", "cancelled")
    assert len(rig.pick(PlaceholderSaid)) == 1


def test_a_placeholder_yields_even_where_the_agent_may_not_be_interrupted() -> None:
    plan = make_plan(make_tool(placeholder=WAITING), turn_detection={"interrupt_response": False})
    rig = silence(Rig.live(plan))
    rig.created("resp_p")
    rig.says("One moment.", 500, "resp_p", "item_p")
    assert rig.speech_started() == ["cancel resp_p", "Clear", "tell caller.interrupted"]


def test_no_placeholder_right_after_the_caller_stopped() -> None:
    rig = waiting(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    rig.speech_started(700)
    rig.speech_stopped(100)
    rig.created("resp_2", own=True)
    rig.done("resp_2")
    assert rig.take(Wake(), 799) == []
    assert rig.take(Wake(), 1) == ["create placeholder"]


def test_a_preamble_counts_as_a_placeholder() -> None:
    rig = Rig.live(make_plan(make_tool(placeholder=WAITING, timeout_ms=60_000)))
    rig.take(CallerText("Where is it?"))
    rig.created()
    rig.says("Let me look.", 100)
    rig.item_done({"type": "message", "id": "item_1"})
    rig.calls()
    rig.done()
    rig.take(CallerPlayed("item_1", 100))
    assert rig.conversation.deadline_ms == 6000
    assert rig.take(Wake(), 6000) == ["create placeholder"]
    rig.created("resp_p")
    rig.done("resp_p", "failed")
    assert rig.conversation.deadline_ms == 60_000  # `most` is two


def test_a_written_placeholder_is_reported_when_it_is_complete() -> None:
    rules = Placeholder(instructions="Ask for patience.", after_ms=800)
    rig = silence(Rig.live(make_plan(make_tool(placeholder=rules), text_only=True)))
    rig.created("resp_p")
    assert rig.writes("Bear with me.", "resp_p", "item_p") == []
    assert rig.done("resp_p") == ["tell placeholder.said"]
    assert rig.pick(PlaceholderSaid)[0].text == "Bear with me."


def test_a_refused_placeholder_leaves_silence() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING))))
    assert rig.error("server_error", rig.request_id()) == ["tell error"]
    assert rig.conversation.deadline_ms == 6800


def test_a_placeholder_that_never_ends_is_dropped() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING, timeout_ms=60_000))))
    rig.created("resp_p")
    assert rig.take(Wake(), 30_000) == ["cancel resp_p", "create placeholder"]


# -- greeting, hanging up, ends -----------------------------------------------------------------------------


def test_a_greeting_that_may_not_be_interrupted_holds_the_caller_back() -> None:
    rig = Rig.live(make_plan(greeting=Greeting(say="Hello.", interruptible=False)))
    rig.created()
    rig.says("Hello.", 100)
    assert rig.take(CallerAudio(MS)) == []
    assert rig.take(CallerText("Hi.")) == []
    rig.item_done({"type": "message", "id": "item_1"})
    rig.done()
    assert rig.take(CallerPlayed("item_1", 100)) == [
        "tell agent.said",
        "item input_text",
        "tell caller.said",
        "create turn",
    ]
    assert rig.take(CallerAudio(MS)) == ["send input_audio_buffer.append"]


@pytest.mark.parametrize("goodbye", [True, False])
def test_hanging_up_waits_for_the_goodbye(goodbye: bool) -> None:
    rig = Rig.live(make_plan(HANG_UP))
    rig.take(CallerText("Bye."))
    rig.created()
    if goodbye:
        rig.says("Goodbye.", 300)
        rig.item_done({"type": "message", "id": "item_1"})
    rig.calls("call_1", "hang_up")
    rig.done()
    assert rig.take(HangUpRequested()) == []
    asked = rig.take(ToolFinished(ok("call_1", "hang_up")))
    if not goodbye:
        assert asked[-1] == "create results"
        rig.created("resp_2")
        rig.says("Goodbye.", 300, "resp_2")
        rig.item_done({"type": "message", "id": "item_1"}, "resp_2")
        rig.done("resp_2")
    assert rig.conversation.phase is Phase.LIVE
    assert rig.take(CallerPlayed("item_1", 300))[-1] == "End"
    assert rig.pick(End) == [End("agent_hung_up")]


def test_hanging_up_waits_fifteen_seconds_at_most() -> None:
    rig = answering(Rig.live(make_plan()), ms=60_000)
    rig.take(HangUpRequested())
    assert rig.take(Wake(), 15_000)[-1] == "End"


def test_what_a_tool_wants_said_is_said_before_the_call_ends() -> None:
    rig = Rig.live(make_plan())
    assert rig.take(SayRequested("Goodbye.")) == ["create say"]
    assert rig.take(HangUpRequested()) == []
    rig.created()
    rig.says("Goodbye.", 10)
    assert rig.done() == []
    assert rig.take(CallerPlayed("item_1", 10))[-1] == "End"
    assert rig.take(SayRequested(" ")) == []


@pytest.mark.parametrize(
    "speak_up", [lambda rig: rig.speech_started(), lambda rig: rig.take(CallerText("No!"))]
)
def test_a_caller_who_speaks_up_withdraws_the_hang_up(speak_up: object) -> None:
    rig = answering(Rig.live(make_plan()))
    rig.take(HangUpRequested())
    speak_up(rig)  # type: ignore[operator]
    rig.done(status="cancelled")
    rig.take(Wake(), 20_000)
    assert rig.pick(End) == []


def test_no_hang_up_while_the_caller_speaks() -> None:
    rig = Rig.live(make_plan())
    rig.speech_started()
    assert rig.take(HangUpRequested()) == []
    rig.speech_stopped()
    assert rig.pick(End) == []


def test_hanging_up_before_the_call_is_set_up() -> None:
    rig = Rig(make_plan())
    assert rig.take(HangUpRequested()) == ["tell call.ended", "End"]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (CallerLeft("caller_vanished"), "caller_vanished"),
        (StopRequested(), "shutting_down"),
        (LinkDown("gone"), "link_lost"),
        (server.Error({"code": "session_expired", "message": "over"}), "error"),
    ],
)
def test_ends(event: object, reason: str) -> None:
    tools = make_tool(on_hangup="cancel"), make_tool("book", on_hangup="finish")
    rig = Rig.live(make_plan(*tools))
    rig.take(CallerText("Go."))
    rig.created()
    rig.calls("call_1", "lookup")
    rig.calls("call_2", "book")
    rig.done()
    assert rig.take(event)[-4:] == [  # type: ignore[arg-type]
        "CancelTool call_1",
        "tell tool.returned",
        "tell call.ended",
        "End",
    ]
    assert rig.pick(End) == [End(reason)]
    assert (rig.conversation.deadline_ms, rig.conversation.is_idle) == (None, True)
    assert rig.take(ToolFinished(ok("call_2", "book"))) == ["tell tool.returned"]
    assert rig.pick(ToolReturned)[-1].late
    assert rig.take(CallerText("Hello?")) == []


def test_the_longest_call_ends() -> None:
    rig = Rig.live(make_plan(limits=Limits(max_duration_ms=1000)))
    rig.take(Wake(), 1000)
    assert rig.pick(End) == [End("max_duration")]


# -- the session --------------------------------------------------------------------------------------------


def test_a_session_is_set_up() -> None:
    rig = Rig(make_plan())
    assert rig.take(CallerAudio(MS)) == []
    assert rig.take(LinkUp()) == ["send session.update"]
    assert rig.take(LinkUp()) == []
    assert rig.take(server.SessionUpdated({"type": "realtime"})) == ["tell error", "tell call.started"]
    assert rig.pick(ErrorReported)[0].code == "field_not_applied"
    assert rig.take(server.SessionUpdated({})) == []


def test_a_session_that_is_refused_ends_the_call() -> None:
    rig = Rig(make_plan())
    rig.take(LinkUp())
    assert rig.error("unknown_parameter", "agentrun_1") == ["tell error", "tell call.ended", "End"]
    assert rig.pick(ErrorReported)[0].caused_by == "session.update"


def test_a_session_that_is_never_answered_ends_the_call() -> None:
    rig = Rig(make_plan())
    rig.take(LinkUp())
    assert rig.conversation.deadline_ms == 30_000
    assert rig.take(Wake(), 30_000) == ["tell error", "tell call.ended", "End"]


def test_a_link_that_could_not_be_made() -> None:
    rig = Rig(make_plan())
    assert rig.take(LinkDown("nobody answers", hint="start it")) == [
        "tell error",
        "tell call.ended",
        "End",
    ]
    assert rig.pick(End) == [End("link_failed")]


def test_a_failed_response_is_tried_once_more() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created()
    failure = {"error": {"type": "server_error", "code": "rate_limit", "message": "slow down"}}
    assert rig.done(status="failed", status_details=failure) == ["tell error"]
    assert rig.take(Wake(), 499) == []
    assert rig.take(Wake(), 1) == ["create turn"]
    rig.created("resp_2")
    rig.done("resp_2", "failed")
    assert rig.conversation.is_idle
    assert [error.code for error in rig.pick(ErrorReported)] == ["rate_limit", "response_failed"]


def test_a_failure_for_good_ends_the_call() -> None:
    rig = Rig.live(make_plan(make_tool()))
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.calls()
    ended = rig.done(status="failed", status_details={"error": {"code": "insufficient_quota"}})
    assert ended[-1] == "End"


def test_a_refused_request_is_tried_once_more() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    assert rig.error("server_error", rig.request_id()) == ["tell error"]
    assert rig.take(Wake(), 500) == ["create turn"]


def test_a_refused_cancel_is_a_normal_race() -> None:
    rig = answering(Rig.live(make_plan()))
    rig.take(CallerText("Stop."))
    cancel = rig.pick(client.ResponseCancel)[-1]
    assert rig.error("response_cancel_not_active", cancel.event_id) == []


def test_a_stalled_response_is_dropped_and_its_calls_are_answered() -> None:
    rig = Rig.live(make_plan(make_tool()))
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.calls("call_1")
    assert rig.take(Wake(), 30_000) == [
        "tell tool.called",
        "item call_1",
        "tell tool.returned",
        "cancel resp_1",
        "tell error",
    ]
    assert rig.calls("call_2") == ["tell tool.called", "item call_2", "tell tool.returned"]
    assert rig.done() == []
    assert rig.says("Too late", 100) == []
    assert rig.conversation.is_idle


def test_an_answer_to_a_request_that_was_given_up_is_not_heard() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    assert rig.take(Wake(), 30_000) == ["tell error"]
    assert rig.created() == ["cancel resp_1"]


def test_a_response_whose_end_was_lost_gives_way_to_the_next() -> None:
    rig = Rig.live(make_plan(make_tool()))
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.calls()
    assert "item call_1" in rig.created("resp_2", own=True)


def test_playback_that_nobody_acknowledges_is_over_in_time() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.says("Hello.", 1000)
    rig.item_done({"type": "message", "id": "item_1"})
    rig.done()
    assert rig.conversation.deadline_ms == 2500
    assert not rig.conversation.is_idle
    assert rig.take(Wake(), 2500) == ["tell agent.said"]
    assert rig.conversation.is_idle


def test_a_frame_of_audio_does_not_hide_a_deadline_that_it_passes() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.says("Hello.", 1000)
    rig.done()
    rig.take(CallerAudio(MS), 9000)
    assert rig.conversation.deadline_ms == 2500


def test_usage_adds_up() -> None:
    rig = Rig.live(make_plan())
    for response_id in ("resp_1", "resp_2"):
        rig.created(response_id, own=True)
        rig.done(response_id, usage={"total_tokens": 5})
    assert rig.conversation.usage.total() == {"total_tokens": 10}


def test_events_that_need_no_answer_are_not_unknown() -> None:
    rig = Rig.live(make_plan())
    rig.take(server.SessionCreated({}))
    rig.take(server.UnknownEvent("x", {}))
    assert rig.conversation.unknown_events == 1


def test_arguments_in_the_making_are_signs_of_life() -> None:
    rig = Rig.live(make_plan())
    rig.take(CallerText("Hello?"))
    rig.created()
    rig.take(server.ResponseFunctionCallArgumentsDelta("resp_1", "item_f", 0, "call_1", "{"), 20_000)
    assert rig.conversation.deadline_ms == 50_000


def test_a_new_call_waits_for_its_link() -> None:
    conversation = Conversation(make_plan(), "call_1")
    assert (conversation.phase, conversation.is_idle) == (Phase.CONNECTING, False)


def test_sound_of_a_response_that_never_began_is_not_played() -> None:
    rig = Rig.live(make_plan())
    rig.says("Boo", 100)
    assert rig.pick(Play) == []


def test_a_placeholder_that_begins_after_it_was_given_up_is_cancelled() -> None:
    rig = silence(Rig.live(make_plan(make_tool(placeholder=WAITING, timeout_ms=60_000))))
    given_up = (rig.pick(client.ResponseCreate)[-1].response or {})["metadata"]
    assert rig.take(Wake(), 30_000) == ["create placeholder"]
    late = {"id": "resp_late", "metadata": given_up}
    assert rig.take(server.ResponseCreated(late)) == ["cancel resp_late"]
    assert rig.take(server.ResponseDone(late | {"status": "cancelled"})) == []


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    rig = Rig.live(make_plan(make_tool()))
    rig.take(CallerText("Go."))
    rig.created()
    rig.item_done({"type": "function_call", "name": "lookup", "call_id": "call_1", "arguments": "{oops"})
    rig.done()
    assert [called.arguments for called in rig.pick(ToolCalled)] == ["{oops"]
    assert rig.pick(StartTool) == [StartTool("call_1", "lookup", "{oops")]
