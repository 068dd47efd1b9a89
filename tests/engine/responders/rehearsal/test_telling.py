from __future__ import annotations

import json

import pytest

from agentrun.engine.responders.rehearsal.english import English
from agentrun.engine.responders.rehearsal.korean import Korean
from agentrun.engine.responders.rehearsal.telling import tell_output
from agentrun.wire.json import JsonValue


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"order_id": "A1001", "status": "shipped", "eta": "2026-11-25"},
         "Order A1001 is shipped and the estimated arrival is Wednesday, November 25."),
        ({"balance": 12.5, "currency": "EUR"}, "The balance is 12.50 EUR."),
        ({"message": "It is on its way"}, "It is on its way."),
        ({"available": True, "time": "15:30"}, "It is available and the time is 3:30 pm."),
        ([], "I found nothing."),
        (["nine", "ten", "eleven"], "Nine, ten and eleven."),
        ({"slots": [{"time": "09:00"}, {"time": "10:00"}]},
         "9 am and 10 am."),
        ("plain words", "plain words."),
        ("blocked", "Blocked."),
        ({"order_id": "A1003", "status": "delivered", "delivery": "delivered on Friday", "content": "a lamp"},
         "Order A1003 was delivered on Friday and it contains a lamp."),
        ({"order_id": "A1002", "status": "packed", "delivery": "expected on Friday", "content": "a lamp"},
         "Order A1002 is packed. The delivery is expected on Friday and it contains a lamp."),
        ({"city": "Paris", "temperature_c": 12.5, "wind_kmh": 20},
         "In Paris, the temperature is 12.5 degrees and the wind is 20 kilometres an hour."),
        ({"day": "Sunday", "hours": "closed"}, "On Sunday it is closed."),
        ({"booking_id": "H4711", "cancelled": True}, "Booking H4711 is cancelled."),
        ([{"name": "salami", "price": 9.5, "vegan": False}, {"name": "hawaii", "price": 10, "vegan": False}],
         "I found 2. Salami: the price is 9.5 and vegan: no. Hawaii: the price is 10 and vegan: no."),
        (None, "All right, that is done."),
        ({"success": False, "message": "no such order"}, "I'm sorry, that did not work. No such order."),
        ({"error": {"message": "closed"}}, "I'm sorry, that did not work. Closed."),
    ],
)  # fmt: skip
def test_english(result: JsonValue, words: str) -> None:
    assert tell_output(json.dumps({"outcome": "ok", "tool": "t", "result": result}), English()) == words
    if isinstance(result, dict):
        assert tell_output(json.dumps(result), English()) == words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"order_id": "A1001", "status": "shipped"}, "주문 번호는 A1001, 상태는 배송 중입니다."),
        ({"날짜": "2026-11-23", "시간": "15:30"}, "11월 23일 월요일, 시간은 오후 3시 30분입니다."),
        ({"안내": "이 날은 쉽니다"}, "이 날은 쉽니다."),
        (
            {"이름": "홍길동 님", "날짜": "11월 25일 수요일", "시간": "오전 10시", "상태": "예약되었습니다"},
            "홍길동 님, 11월 25일 수요일 오전 10시, 예약되었습니다.",
        ),
    ],
)
def test_korean(result: JsonValue, words: str) -> None:
    assert tell_output(json.dumps({"outcome": "ok", "tool": "t", "result": result}), Korean()) == words


def test_what_is_not_known_to_have_worked_is_not_told_as_if_it_had() -> None:
    error = {
        "code": "timeout",
        "message": "The tool did not answer in time. It is not known whether it took effect.",
    }
    told = tell_output(json.dumps({"outcome": "unknown", "tool": "pay", "error": error}), English())
    assert told == "I could not confirm whether that worked. The tool did not answer in time."


@pytest.mark.parametrize("outcome", ["failed", "refused"])
def test_failures_are_told_plainly(outcome: str) -> None:
    output = json.dumps({"outcome": outcome, "tool": "t", "error": {"code": "x", "message": "no such order"}})
    assert tell_output(output, English()) == "I'm sorry, that did not work. No such order."
    assert tell_output(output, Korean()) == "죄송합니다, 처리하지 못했습니다. no such order."
