"""바다의원의 예약표: `agents/clinic.yaml` 이 모델에게 내주는 함수들.

The appointment book of a doctor's practice. A SQLite file, made on first use: `var/clinic.sqlite3` beside
this folder, or the path in `BADA_CLINIC_DB`. The database itself keeps two people from getting one slot, so
any number of threads and processes may book at once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

from agentrun import ToolError

PatientName = Annotated[
    str, "환자의 이름(성함). 한글로 적습니다", {"pattern": "^[가-힣]{2,5}$", "examples": ["홍길동"]}
]
VisitDate = Annotated[date, "진료 날짜. 오늘부터 60일 뒤까지 가능합니다"]
VisitTime = Annotated[
    str,
    "진료 시간. 30분 단위이며 24시간제로 적습니다. 오후 세 시는 15:00 입니다",
    {"pattern": "^([01][0-9]|2[0-3]):[03]0$", "examples": ["10:30", "15:00"]},
]

SCHEMA = """
CREATE TABLE IF NOT EXISTS appointments (
    day TEXT NOT NULL,
    time TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (day, time)
) STRICT
"""
LONGEST_AHEAD_DAYS = 60
MOST_SPOKEN_SLOTS = 6  # nobody remembers more times than this on the phone
WEEKDAYS = "월화수목금토일"


Spoken: TypeAlias = dict[str, str | list[str]]
"""What the model reads: Korean names and values that sound right when read aloud."""


def find_free_slots(date: VisitDate) -> Spoken:
    """진료 예약이 가능한 빈 시간을 찾습니다. 환자가 언제 갈 수 있는지, 자리가 있는지 물으면 사용합니다."""
    _check_date(date)
    with _open_book() as book:
        rows = book.execute("SELECT time FROM appointments WHERE day = ?", (date.isoformat(),))
        taken = {row["time"] for row in rows}
    free = [slot for slot in _slots(date) if f"{slot:%H:%M}" not in taken and not _is_past(date, slot)]
    if not free:
        return {"날짜": _say_date(date), "안내": "이 날은 빈 시간이 없습니다"}
    step = max(1, len(free) // MOST_SPOKEN_SLOTS)
    spoken = [_say_time(slot) for slot in free[::step][:MOST_SPOKEN_SLOTS]]
    return {"날짜": _say_date(date), "가능한 시간": spoken}


def book_appointment(name: PatientName, date: VisitDate, time: VisitTime) -> Spoken:
    """진료를 예약합니다(예약해 주세요, 예약하고 싶어요).

    이름과 날짜와 시간을 모두 알아야 사용할 수 있습니다.
    """
    _check_date(date)
    start = _parse_time(time)
    if start not in _slots(date) or _is_past(date, start):
        raise ToolError(f"{_say_date(date)} {_say_time(start)}에는 진료를 하지 않습니다.")
    slot = (date.isoformat(), time)
    with _open_book() as book:
        book.execute("INSERT OR IGNORE INTO appointments VALUES (?, ?, ?)", (*slot, name))
        row = book.execute("SELECT name FROM appointments WHERE day = ? AND time = ?", slot).fetchone()
    if row["name"] != name:
        raise ToolError(f"{_say_date(date)} {_say_time(start)}에는 이미 다른 예약이 있습니다.")
    return _describe(name, date, start, "예약되었습니다")


def find_appointment(name: PatientName) -> list[Spoken]:
    """환자의 예약을 조회합니다. 예약을 확인하거나 언제 예약했는지 물으면 사용합니다."""
    with _open_book() as book:
        rows = _upcoming(book, name)
    if not rows:
        raise ToolError(f"{name} 님의 예약을 찾을 수 없습니다.")
    return [_describe(name, *_parse_slot(row), "예약되어 있습니다") for row in rows]


def cancel_appointment(name: PatientName, date: VisitDate | None = None) -> list[Spoken]:
    """예약을 취소합니다. 사용하기 전에 환자에게 정말 취소할지 확인합니다.

    Args:
        date: 취소할 예약의 날짜. 예약이 하나뿐이면 필요 없습니다.
    """
    with _open_book() as book:
        rows = [row for row in _upcoming(book, name) if date is None or row["day"] == date.isoformat()]
        if not rows:
            raise ToolError(f"{name} 님의 예약을 찾을 수 없습니다.")
        if len(rows) > 1:
            raise ToolError("예약이 여러 개 있습니다. 어느 날짜의 예약을 취소할지 물어보세요.")
        book.execute("DELETE FROM appointments WHERE day = ? AND time = ?", (rows[0]["day"], rows[0]["time"]))
    return [_describe(name, *_parse_slot(rows[0]), "취소되었습니다")]


def _check_date(day: date) -> None:
    ahead = (day - date.today()).days
    if ahead < 0:
        raise ToolError("지난 날짜에는 예약할 수 없습니다.")
    if ahead > LONGEST_AHEAD_DAYS:
        raise ToolError(f"예약은 앞으로 {LONGEST_AHEAD_DAYS}일까지만 받습니다.")
    if not _slots(day):
        raise ToolError(f"{_say_date(day)}은 쉬는 날입니다. 다른 날짜를 말씀해 주세요.")


def _slots(day: date) -> list[time]:
    """Monday to Friday 9:00 to 18:00 with a break from 12:30 to 14:00; Saturday until 13:00."""
    end = {5: time(13), 6: time(0)}.get(day.weekday(), time(18))
    slots = [time(minutes // 60, minutes % 60) for minutes in range(9 * 60, 18 * 60, 30)]
    in_break = {time(12, 30), time(13), time(13, 30)} if day.weekday() < 5 else set()
    return [slot for slot in slots if slot < end and slot not in in_break]


def _is_past(day: date, slot: time) -> bool:
    return datetime.combine(day, slot) <= datetime.now()


def _upcoming(book: sqlite3.Connection, name: str) -> list[sqlite3.Row]:
    query = "SELECT day, time FROM appointments WHERE name = ? AND day >= ? ORDER BY day, time"
    return book.execute(query, (name, date.today().isoformat())).fetchall()


def _parse_slot(row: sqlite3.Row) -> tuple[date, time]:
    return date.fromisoformat(row["day"]), _parse_time(row["time"])


def _parse_time(text: str) -> time:
    return time.fromisoformat(text)


def _describe(name: str, day: date, slot: time, state: str) -> Spoken:
    return {"이름": f"{name} 님", "날짜": _say_date(day), "시간": _say_time(slot), "상태": state}


def _say_date(day: date) -> str:
    near = {0: "오늘 ", 1: "내일 "}.get((day - date.today()) // timedelta(days=1), "")
    return f"{near}{day.month}월 {day.day}일 {WEEKDAYS[day.weekday()]}요일"


def _say_time(slot: time) -> str:
    half = "오전" if slot.hour < 12 else "오후"
    minutes = f" {slot.minute}분" if slot.minute else ""
    return f"{half} {(slot.hour - 1) % 12 + 1}시{minutes}"


@contextmanager
def _open_book() -> Iterator[sqlite3.Connection]:
    """Open the book for one piece of work: all of it happens, or nothing."""
    default = Path(__file__).resolve().parent.parent / "var" / "clinic.sqlite3"
    path = Path(os.environ.get("BADA_CLINIC_DB", default))
    path.parent.mkdir(parents=True, exist_ok=True)
    book = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        book.row_factory = sqlite3.Row
        book.execute("BEGIN IMMEDIATE")  # wait for other writers here, not between reading and writing
        with book:
            book.execute(SCHEMA)
            yield book
    finally:
        book.close()
