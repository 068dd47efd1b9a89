"""Whole conversations with the example agents, in writing, on the embedded engine in virtual time.

Nothing is faked: the agent files are loaded and compiled, the tools write to real order books, and the mind
of the embedded engine reads what any client would send.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from agentrun.cli.agents import load_plan
from agentrun.plan import TEXT
from agentrun.runtime.engines import choose_engine
from agentrun.simulate.rehearsal import rehearse
from agentrun.wire.json import JsonObject

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HARBOUR_BOOKS_DB", str(tmp_path / "orders.db"))
    monkeypatch.setenv("BADA_CLINIC_DB", str(tmp_path / "clinic.db"))
    before = list(sys.path)
    yield
    sys.path[:] = before


class Lines:
    """A caller who knows beforehand what to say."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = iter(lines)

    def ask(self, give: Callable[[str | None], None]) -> None:
        asyncio.get_running_loop().call_soon(give, next(self._lines, None))

    def close(self) -> None:
        """Nothing is held open."""


@dataclass
class Conversation:
    """What happened, by the caller's turns; turn 0 is the greeting.

    Attributes:
        said: what the agent said in each turn.
        calls: every tool call as name, arguments and outcome.

    """

    said: list[str] = field(default_factory=lambda: [""])
    calls: list[tuple[str, JsonObject, str]] = field(default_factory=list)
    reason: str = ""

    def note(self, event: JsonObject) -> None:
        match event["event"]:
            case "caller.said":
                self.said.append("")
            case "agent.said":
                self.said[-1] = f"{self.said[-1]} {event['text']}".strip()
            case "tool.called":
                self.calls.append((event["tool"], event["arguments"], "pending"))
            case "tool.returned":
                pending = next(i for i, call in enumerate(self.calls) if call[2] == "pending")
                self.calls[pending] = (*self.calls[pending][:2], event["outcome"])
            case "call.ended":
                self.reason = event["reason"]


async def hold(agent: str, *lines: str) -> Conversation:
    plan = load_plan(ROOT / "agents" / f"{agent}.yaml", TEXT, {}, {})
    held = Conversation()
    await rehearse(plan, choose_engine("embedded", plan.model, {}), Lines(lines), held.note)
    assert len(held.said) == len(lines) + 1
    assert all(held.said), "the agent left a turn without an answer"
    return held


def find_day(weekday: int, *, next_week: bool = False) -> date:
    """Return the day that a caller means by a bare weekday, or by the one of next week (Monday is 0)."""
    today = date.today()
    if next_week:
        return today + timedelta(days=weekday - today.weekday() + 7)
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def say_korean(day: date) -> str:
    return f"{day.month}월 {day.day}일"


# The order desk


async def test_an_order_is_found_followed_up_and_corrected() -> None:
    held = await hold("support", "Where is my order A1001?", "and A1002?", "no, A1004 I meant")
    assert held.calls == [("lookup_order", {"order_id": f"A100{n}"}, "ok") for n in (1, 2, 4)]
    assert "on its way" in held.said[1]
    assert "Moby-Dick" in held.said[1]
    assert "The Old Man and the Sea" in held.said[2]
    assert "sea charts" in held.said[3]


@pytest.mark.parametrize(
    "line",
    [
        "When will A1003 arrive?",
        "Has A1003 shipped?",
        "what's the status of order a one zero zero three",
        "my book has not arrived, it is A1003",
        "where's my stuff? A1003",
        "A1003",
        "I have a question about order A1003.",
        "track A1003 please",
        "is order A1003 cancelled?",
    ],
)
async def test_many_ways_to_ask_for_an_order(line: str) -> None:
    held = await hold("support", line)
    assert held.calls == [("lookup_order", {"order_id": "A1003"}, "ok")]
    assert "was delivered on" in held.said[1]


@pytest.mark.parametrize(
    "line", ["where is my order", "my parcel is late", "order status", "my book has not arrived"]
)
async def test_the_question_names_the_missing_number(line: str) -> None:
    held = await hold("support", line)
    assert held.calls == []
    assert held.said[1] == "What is the order number?"


async def test_an_order_is_cancelled_after_a_yes() -> None:
    held = await hold("support", "I'd like to cancel an order", "It's A1002", "yes", "bye")
    assert held.said[1] == "What is the order number?"
    assert held.said[2] == "Just to be sure: you want me to cancel order A1002. Is that right?"
    assert held.calls == [("cancel_order", {"order_id": "A1002"}, "ok"), ("hang_up", {}, "ok")]
    assert held.said[3] == "Order A1002 is cancelled."
    assert held.reason == "agent_hung_up"


@pytest.mark.parametrize("answer", ["no", "No, don't.", "never mind", "actually, leave it"])
async def test_nothing_is_cancelled_without_a_yes(answer: str) -> None:
    held = await hold("support", "Cancel order A1002 please.", answer, "yes")
    assert held.calls == []


async def test_a_failure_is_told_with_its_reason() -> None:
    held = await hold("support", "Cancel A1001.", "Yes.")
    assert held.calls == [("cancel_order", {"order_id": "A1001"}, "failed")]
    assert "already left the shop" in held.said[2]


async def test_it_is_the_order_spoken_of_before() -> None:
    held = await hold("support", "where is A1002", "cancel it", "yes please")
    assert held.calls[1:] == [("cancel_order", {"order_id": "A1002"}, "ok")]


async def test_a_delivery_is_moved() -> None:
    held = await hold("support", "Can you move the delivery of A1004 to next Friday?", "yes")
    day = find_day(4, next_week=True)
    assert held.calls == [("change_delivery_date", {"order_id": "A1004", "day": day.isoformat()}, "ok")]
    assert f"{day:%B} {day.day}" in held.said[1]
    assert f"{day:%B} {day.day}" in held.said[2]


async def test_a_delivery_is_moved_bit_by_bit_and_corrected() -> None:
    held = await hold("support", "move my delivery", "A1004", "on Tuesday", "no, Thursday", "yes, do that")
    assert held.said[1] == "What is the order number?"
    assert "day" in held.said[2]
    assert held.calls == [
        ("change_delivery_date", {"order_id": "A1004", "day": find_day(3).isoformat()}, "ok")
    ]


async def test_another_day_after_a_refused_one() -> None:
    held = await hold("support", "move the delivery of A1002 to Sunday", "yes", "then Monday", "yes")
    assert [(call[1]["day"], call[2]) for call in held.calls] == [
        (find_day(6).isoformat(), "failed"),
        (find_day(0).isoformat(), "ok"),
    ]


async def test_opening_hours_of_days_and_of_the_week() -> None:
    held = await hold(
        "support",
        "What are your opening hours on Saturday?",
        "and on Sunday?",
        "are you open tomorrow?",
        "opening hours?",
    )
    tomorrow = f"{date.today() + timedelta(days=1):%A}"
    assert [call[1] for call in held.calls] == [
        {"day": "Saturday"},
        {"day": "Sunday"},
        {"day": tomorrow},
        {},
    ]
    assert held.said[1] == "On Saturday, the hours are from ten to two."
    assert held.said[2] == "On Sunday it is closed."


async def test_what_is_not_offered_is_said_kindly_and_not_in_a_loop() -> None:
    held = await hold("support", "Do you sell coffee?", "Do you sell tea?", "Can I speak to a human?")
    assert held.calls == []
    assert held.said[1].startswith("I am sorry, I cannot help with that. I can look up where an order is")
    assert held.said[2].startswith("I am sorry")
    assert held.said[2] != held.said[1]
    assert "person" in held.said[3]


async def test_small_talk() -> None:
    held = await hold(
        "support", "hello", "who are you?", "what can you do?", "can you repeat that", "thanks", "that's all"
    )
    assert "Harbour Books" in held.said[2]
    assert "cancel an order" in held.said[3]
    assert held.said[4] == held.said[3]
    assert held.said[5].startswith("You are welcome")
    assert held.calls == [("hang_up", {}, "ok")]


async def test_a_number_that_does_not_exist_is_asked_for_with_an_example() -> None:
    held = await hold("support", "order nine nine nine nine", "A 1 0 0 4")
    assert held.said[1] == "Sorry, I did not get that. What is the order number? For example, A1001."
    assert held.calls == [("lookup_order", {"order_id": "A1004"}, "ok")]


# The doctor's practice


def assert_korean_only(held: Conversation) -> None:
    assert not re.search("[A-Za-z]", " ".join(held.said)), held.said


@pytest.mark.parametrize(
    "opening",
    [
        "예약하고 싶어요",
        "예약할게요",
        "예약해 주세요.",
        "예약 잡아 주세요",
        "진료 예약 되나요?",
        "진료 받고 싶어요",
    ],
)
async def test_an_appointment_is_booked_bit_by_bit(opening: str) -> None:
    held = await hold(
        "clinic", opening, "홍길동이요", "다음 주 수요일이요", "오전 열 시요", "네", "감사합니다, 끊을게요"
    )
    day = find_day(2, next_week=True)
    booked = {"name": "홍길동", "date": day.isoformat(), "time": "10:00"}
    assert held.calls == [("book_appointment", booked, "ok"), ("hang_up", {}, "ok")]
    assert "성함" in held.said[1]
    assert "날짜" in held.said[2]
    assert "몇 시" in held.said[3]
    assert "홍길동" in held.said[4]
    assert f"{say_korean(day)} 수요일 오전 10시" in held.said[4]
    assert "예약되었습니다" in held.said[5]
    assert held.reason == "agent_hung_up"
    assert_korean_only(held)


async def test_all_in_one_breath_and_corrected() -> None:
    held = await hold(
        "clinic", "홍길동이요, 월요일 오후 세 시에 예약해 주세요", "아니요, 화요일이요", "네 맞아요"
    )
    booked = {"name": "홍길동", "date": find_day(1).isoformat(), "time": "15:00"}
    assert held.calls == [("book_appointment", booked, "ok")]
    assert_korean_only(held)


async def test_date_and_time_first_and_then_the_name() -> None:
    held = await hold("clinic", "화요일 오후 두 시 반에 예약해 주세요", "김하은입니다", "네")
    assert "성함" in held.said[1]
    booked = {"name": "김하은", "date": find_day(1).isoformat(), "time": "14:30"}
    assert held.calls == [("book_appointment", booked, "ok")]
    assert_korean_only(held)


async def test_a_day_off_is_refused_and_another_day_taken() -> None:
    held = await hold("clinic", "일요일 오후 세 시에 예약해 주세요", "김하은이요", "네", "월요일이요", "네")
    assert [(call[1]["date"], call[2]) for call in held.calls] == [
        (find_day(6).isoformat(), "failed"),
        (find_day(0).isoformat(), "ok"),
    ]
    assert "쉬는 날" in held.said[3]
    assert_korean_only(held)


async def test_free_times_are_looked_up_and_one_of_them_booked() -> None:
    held = await hold(
        "clinic", "월요일에 빈 시간 있어요?", "그럼 오전 열 시로 예약해 주세요", "이영희입니다", "네"
    )
    monday = find_day(0).isoformat()
    assert held.calls == [
        ("find_free_slots", {"date": monday}, "ok"),
        ("book_appointment", {"name": "이영희", "date": monday, "time": "10:00"}, "ok"),
    ]
    assert "가능한 시간" in held.said[1]
    assert_korean_only(held)


async def test_free_times_are_looked_up_in_the_middle_of_booking() -> None:
    held = await hold(
        "clinic",
        "예약하고 싶은데요",
        "잠깐만요",
        "박서준이요",
        "언제 비어 있어요?",
        "수요일",
        "열한 시요",
        "네",
    )
    wednesday = find_day(2).isoformat()
    assert held.calls == [
        ("find_free_slots", {"date": wednesday}, "ok"),
        ("book_appointment", {"name": "박서준", "date": wednesday, "time": "11:00"}, "ok"),
    ]
    assert held.said[5].endswith("몇 시가 좋으세요?")
    assert_korean_only(held)


@pytest.mark.parametrize(
    "line", ["예약 확인해 주세요", "제 예약이 언제죠?", "예약했는데요", "예약 조회할게요"]
)
async def test_an_appointment_is_found_by_its_name(line: str) -> None:
    held = await hold("clinic", line, "홍길동")
    assert "성함" in held.said[1]
    assert held.calls == [("find_appointment", {"name": "홍길동"}, "failed")]
    assert "찾을 수 없습니다" in held.said[2]
    assert_korean_only(held)


async def test_a_name_in_the_first_words_is_not_asked_for() -> None:
    held = await hold("clinic", "홍길동 예약 확인해 주세요", "예약 취소해 주세요", "아니요")
    assert held.calls == [("find_appointment", {"name": "홍길동"}, "failed")]
    assert "홍길동" in held.said[2]
    assert_korean_only(held)


async def test_the_word_for_booking_is_no_yes() -> None:
    held = await hold("clinic", "예약 취소해 주세요", "홍길동", "예약 하고 싶어요", "화요일 오전 열시", "네")
    assert [call[0] for call in held.calls] == ["book_appointment"]
    assert_korean_only(held)


async def test_an_appointment_is_booked_found_and_cancelled() -> None:
    held = await hold(
        "clinic",
        "이름은 최민호고요 목요일 오후 두 시에 예약해 주세요",
        "네",
        "제 예약 언제예요?",
        "취소할게요",
        "네",
    )
    assert [(call[0], call[2]) for call in held.calls] == [
        ("book_appointment", "ok"),
        ("find_appointment", "ok"),
        ("cancel_appointment", "ok"),
    ]
    assert {call[1]["name"] for call in held.calls} == {"최민호"}
    assert "취소되었습니다" in held.said[5]
    assert_korean_only(held)


@pytest.mark.parametrize("line", ["예약을 바꾸고 싶어요", "배가 아파요", "커피도 파나요?"])
async def test_what_the_clinic_cannot_do(line: str) -> None:
    held = await hold("clinic", line)
    assert held.calls == []
    assert "예약 취소" in held.said[1]
    assert_korean_only(held)


async def test_korean_small_talk() -> None:
    held = await hold(
        "clinic",
        "여보세요",
        "누구세요?",
        "뭘 할 수 있어요?",
        "직원 바꿔 주세요",
        "고맙습니다",
        "안녕히 계세요",
    )
    assert "바다의원" in held.said[2]
    assert "예약" in held.said[3]
    assert "직원" in held.said[4]
    assert held.calls == [("hang_up", {}, "ok")]
    assert_korean_only(held)
