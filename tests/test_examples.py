"""The functions behind the example agents, run as the tools that they are."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agentrun.config import check_paths
from agentrun.outcome import ToolOutcome, render_output
from agentrun.plan import PythonTarget, ToolBinding
from agentrun.tools.call import ToolRequest
from agentrun.tools.dispatcher import Dispatcher
from agentrun.tools.loading import load_function
from agentrun.tools.python import describe_function
from tests.tools.conftest import RecordingCall, run_one

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _own_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HARBOUR_BOOKS_DB", str(tmp_path / "books" / "orders.sqlite3"))
    monkeypatch.setenv("BADA_CLINIC_DB", str(tmp_path / "books" / "clinic.sqlite3"))
    before = list(sys.path)
    yield
    sys.path[:] = before


def bind(name: str) -> ToolBinding:
    module, function = name.split(":")
    target = PythonTarget(f"tools.{module}", function, str(ROOT))
    schema = describe_function(target)
    return ToolBinding(schema.name, schema.description, schema.parameters, target)


async def use(tool: str, /, **arguments: Any) -> ToolOutcome:
    return await run_one(bind(tool), arguments, RecordingCall())


def next_day(weekday: int) -> date:
    """Return the next date with this weekday (Monday is 0), never today."""
    tomorrow = date.today() + timedelta(days=1)
    return tomorrow + timedelta(days=(weekday - tomorrow.weekday()) % 7)


def test_the_example_agents_are_free_of_findings() -> None:
    report = check_paths([ROOT / "agents"], environment={})
    assert len(report.files) == 2
    assert report.findings == ()


@pytest.mark.parametrize(
    ("order_id", "status"),
    [
        ("A1001", "on its way"),
        ("A1002", "being packed"),
        ("A1003", "delivered"),
        ("A1005", "cancelled"),
    ],
)
async def test_an_order_is_found(order_id: str, status: str) -> None:
    outcome = await use("orders:lookup_order", order_id=order_id)
    assert outcome.result["status"] == status
    assert outcome.result["content"]
    assert ("delivery" in outcome.result) == (status != "cancelled")


def test_order_numbers_are_normalised() -> None:
    normalise = load_function(PythonTarget("tools.orders", "normalise_order_id", str(ROOT)))
    assert {normalise(text) for text in ("A1001", "a 1001", "A-1001", " a1 001.")} == {"A1001"}


async def test_an_order_that_does_not_exist_is_a_sentence_for_the_model() -> None:
    outcome = await use("orders:lookup_order", order_id="A9999")
    assert (
        json.loads(render_output(outcome))["error"]["message"] == "There is no order with the number A9999."
    )


async def test_a_wrong_number_tells_the_model_what_a_right_one_looks_like() -> None:
    outcome = await use("orders:lookup_order", order_id="1001")
    assert "the letter A and four digits" in outcome.message


async def test_an_order_is_cancelled_once_and_for_all() -> None:
    assert (await use("orders:cancel_order", order_id="A1002")).outcome == "ok"
    assert (await use("orders:cancel_order", order_id="A1002")).outcome == "ok"
    assert (await use("orders:lookup_order", order_id="A1002")).result["status"] == "cancelled"


async def test_an_order_on_its_way_cannot_be_cancelled() -> None:
    assert "already left the shop" in (await use("orders:cancel_order", order_id="A1001")).message


async def test_a_delivery_is_moved() -> None:
    day = next_day(2)
    outcome = await use("orders:change_delivery_date", order_id="A1004", day=day.isoformat())
    assert outcome.result["delivery"] == f"expected on Wednesday, {day:%B} {day.day}"
    for bad in (date.today(), date.today() + timedelta(days=100), next_day(6)):
        told = await use("orders:change_delivery_date", order_id="A1004", day=bad.isoformat())
        assert told.outcome == "failed"


async def test_opening_hours() -> None:
    assert (await use("orders:opening_hours")).result["day"] == "the week"
    assert (await use("orders:opening_hours", day="Sunday")).result["hours"] == "closed"


async def test_an_appointment_from_the_free_slot_to_the_cancellation() -> None:
    monday = next_day(0)
    day = f"{monday.month}월 {monday.day}일 월요일"
    free = await use("clinic:find_free_slots", date=monday.isoformat())
    assert day in free.result["날짜"]
    assert free.result["가능한 시간"][0] == "오전 9시"

    booking = {"name": "홍길동", "date": monday.isoformat(), "time": "15:30"}
    booked = await use("clinic:book_appointment", **booking)
    assert (booked.result["시간"], booked.result["상태"]) == ("오후 3시 30분", "예약되었습니다")
    assert (await use("clinic:book_appointment", **booking)).outcome == "ok", "asking twice books once"

    taken = await use("clinic:book_appointment", **(booking | {"name": "다른환자"}))
    assert "이미 다른 예약이 있습니다" in taken.message

    found = await use("clinic:find_appointment", name="홍길동")
    assert [row["시간"] for row in found.result] == ["오후 3시 30분"]
    assert (await use("clinic:cancel_appointment", name="홍길동")).result[0]["상태"] == "취소되었습니다"
    assert (await use("clinic:find_appointment", name="홍길동")).outcome == "failed"


@pytest.mark.parametrize(
    ("when", "time", "words"),
    [
        (date.today() - timedelta(days=1), "10:00", "지난 날짜"),
        (date.today() + timedelta(days=90), "10:00", "60일까지"),
        (next_day(6), "10:00", "쉬는 날"),
        (next_day(0), "13:00", "진료를 하지 않습니다"),
        (next_day(5), "15:00", "진료를 하지 않습니다"),
        (next_day(0), "10:15", "must match"),
    ],
)
async def test_times_at_which_nobody_is_seen(when: date, time: str, words: str) -> None:
    told = await use("clinic:book_appointment", name="홍길동", date=when.isoformat(), time=time)
    assert told.outcome == "failed"
    assert words in told.message


async def test_a_name_with_two_appointments_must_say_which() -> None:
    for weekday in (0, 1):
        day = next_day(weekday).isoformat()
        await use("clinic:book_appointment", name="홍길동", date=day, time="09:00")
    assert "여러 개" in (await use("clinic:cancel_appointment", name="홍길동")).message
    one = await use("clinic:cancel_appointment", name="홍길동", date=next_day(1).isoformat())
    assert one.outcome == "ok"


async def test_many_calls_at_once_get_each_slot_once() -> None:
    binding = bind("clinic:book_appointment")
    day = next_day(1).isoformat()
    names = ["가나", "다라", "마바", "사아", "자차", "카타"]
    outcomes: asyncio.Queue[ToolOutcome] = asyncio.Queue()
    async with Dispatcher([binding]) as dispatcher:
        for name in names:
            text = json.dumps({"name": name, "date": day, "time": "09:00"})
            dispatcher.start(ToolRequest(name, binding.name, text), RecordingCall(), outcomes.put_nowait)
        told = [(await outcomes.get()).outcome for _ in names]
    assert sorted(told) == ["failed"] * 5 + ["ok"]


def test_processes_may_open_a_new_order_book_at_the_same_time() -> None:
    script = "from tools.orders import lookup_order; print(lookup_order('A1001')['status'])"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=30)[0] for process in started] == [b"on its way\n"] * 3
