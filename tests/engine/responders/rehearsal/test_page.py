"""The page of the grammar tells the truth: its conversations, its examples of values, its table of tools."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentrun.engine.responders.rehearsal.filling import fill_tool
from agentrun.engine.responders.rehearsal.slots import read_tools
from agentrun.wire.json import JsonObject, JsonValue
from tests.engine.responders.rehearsal.desk import NOW, function
from tests.engine.responders.rehearsal.notation import Script, parse_scripts
from tests.engine.responders.rehearsal.test_dialogues import check_script
from tests.engine.responders.rehearsal.toolsets import TOOLSETS

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "rehearsal.md").read_text("utf-8")
_BLOCKS = re.findall(r"^```rehearsal\n(.*?)^```$", PAGE, re.M | re.S)
_VALUES = PAGE.split("## Values")[1].split("```")[0]

_CODE: JsonObject = {"type": "string", "pattern": r"^A\d{4}$"}
_PARCEL: JsonObject = {"type": "string", "pattern": r"^A\d-\d{3}$"}
_DATE: JsonObject = {"type": "string", "format": "date"}
_TIME: JsonObject = {"type": "string", "pattern": r"^\d\d:\d\d$", "description": "HH:MM"}
_EMAIL: JsonObject = {"type": "string", "format": "email"}
_NUMBER: JsonObject = {"type": "number"}
_METER: JsonObject = {"type": "string", "enum": ["gas", "electricity"]}
_CLASS: JsonObject = {"type": "string", "enum": ["yoga", "pilates"]}
_SIZE: JsonObject = {"type": "string", "enum": ["small", "large"]}
_NAME: JsonObject = {"type": "string", "description": "Name"}

EXAMPLES: dict[str, tuple[JsonObject, JsonValue]] = {
    "A1001": (_CODE, "A1001"),
    "a one zero zero one": (_CODE, "A1001"),
    "A as in Alpha": (_CODE, None),  # a beginning; the conversations go on with digits
    "alpha one double zero one": (_CODE, "A1001"),
    "a thousand one": (_CODE, "A1001"),
    "에이 천일": (_CODE, "A1001"),
    "a seven dash one two three": (_PARCEL, "A7-123"),
    "tomorrow": (_DATE, "2026-11-22"),
    "next Friday": (_DATE, "2026-11-27"),
    "the 3rd of December": (_DATE, "2026-12-03"),
    "in two weeks": (_DATE, "2026-12-05"),
    "a week from Monday": (_DATE, "2026-11-30"),
    "Christmas Eve": (_DATE, "2026-12-24"),
    "next month the 5th": (_DATE, "2026-12-05"),
    "내일": (_DATE, "2026-11-22"),
    "사흘 뒤": (_DATE, "2026-11-24"),
    "다음 주 화요일": (_DATE, "2026-11-24"),
    "12월 3일": (_DATE, "2026-12-03"),
    "half past seven": (_TIME, "19:30"),
    "quarter to nine": (_TIME, "08:45"),
    "eight in the evening": (_TIME, "20:00"),
    "seven thirty": (_TIME, "19:30"),
    "noon": (_TIME, "12:00"),
    "오후 세 시 반": (_TIME, "15:30"),
    "8:30": (_TIME, "08:30"),
    "j dot smith at example dot com": (_EMAIL, "j.smith@example.com"),
    "ada underscore b at my dash shop dot com": (_EMAIL, "ada_b@my-shop.com"),
    "ada 골뱅이 example 점 com": (_EMAIL, "ada@example.com"),
    "twenty one": (_NUMBER, 21),
    "two point five": (_NUMBER, 2.5),
    "two and a half": (_NUMBER, 2.5),
    "a couple of": (_NUMBER, 2),
    "a dozen": (_NUMBER, 12),
    "$1,250.75": (_NUMBER, 1250.75),
    "25 dollars and 50 cents": (_NUMBER, 25.5),
    "이만 오천 원": (_NUMBER, 25000),
    "electric": (_METER, "electricity"),
    "pilattes": (_CLASS, "pilates"),
    "큰": (_SIZE, "large"),
    "필라테스": (_CLASS, "pilates"),
    "my name is": (_NAME, None),
    "to": (_NAME, None),
    "because": (_NAME, None),
    "Smith, S M I T H": (_NAME, "Smith"),
}


@pytest.mark.parametrize("script", list(parse_scripts("\n".join(_BLOCKS))), ids=lambda script: script.title)
def test_a_conversation_of_the_page(script: Script) -> None:
    check_script(script)


def test_the_page_has_conversations() -> None:
    assert len(_BLOCKS) > 10


@pytest.mark.parametrize(("said", "schema", "value"), [(said, *row) for said, row in EXAMPLES.items()])
def test_an_example_is_understood(said: str, schema: JsonObject, value: JsonValue) -> None:
    (tool,) = read_tools([function("tool", "", ["value"], value=schema)])
    assert fill_tool(tool, said, NOW, "value").get("value") == value or value is None


def test_each_example_of_the_page_is_among_them() -> None:
    shown = {text.rstrip(",") for text in re.findall(r'"([^"|]+)"', _VALUES)}
    shown |= {
        text.strip() for text in re.findall(r"(?<=[,( ])([가-힣\d][가-힣\d ]*[가-힣])(?=[,;.)| ])", _VALUES)
    }
    assert {text for text in shown if not any(text in example for example in EXAMPLES)} == set()


def test_the_table_of_tools_is_complete() -> None:
    used = {script.tools for script in parse_scripts("\n".join(_BLOCKS)) if script.tools}
    rows = dict(re.findall(r"^\| (\w+) \| (`.*`) \|$", PAGE, re.M))
    assert rows.keys() == used
    for name, row in rows.items():
        assert re.findall(r"`([^(`]+)\(", row) == [tool["name"] for tool in TOOLSETS[name]]
