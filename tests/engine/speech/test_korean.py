from __future__ import annotations

import pytest

from agentrun.engine.speech import Hints
from agentrun.engine.speech.automaton import compile_automaton
from agentrun.engine.speech.korean import build_korean_language, is_ambiguous
from agentrun.wire.json import JsonObject


def make_tool(description: str, /, **properties: JsonObject) -> JsonObject:
    parameters = {"type": "object", "properties": properties}
    return {"type": "function", "name": "tool", "description": description, "parameters": parameters}


CLINIC = Hints(
    "당신은 접수 담당자입니다.",
    [
        make_tool(
            "진료를 예약합니다(예약해 주세요).",
            name={"type": "string", "description": "환자의 이름"},
            date={"type": "string", "format": "date"},
            time={"type": "string", "format": "time"},
        ),
        make_tool("예약을 취소합니다."),
    ],
)


@pytest.mark.parametrize(
    "fragments",
    [
        "네",
        "예약해_주세요",
        "예약을_취소해_주세요",
        "다음_주 월요일에 빈_시간_있어요",
        "내일 오후 세_시_반에 예약하고_싶어요",
        "십이월 삼일이요",
        "오전 열_시요",
        "제_이름은 김 ~민수입니다",
        "안녕하세요 예약하고_싶어요",
    ],
)
def test_what_callers_say_can_be_heard(fragments: str) -> None:
    assert compile_automaton(build_korean_language(CLINIC).rule).accepts(fragments.split())


def test_it_is_written_as_it_is_typed() -> None:
    language = build_korean_language(CLINIC)
    assert language.write(["제_이름은", "김", "~수진이요"]) == "제 이름은 김수진이요"
    assert language.write(["모레", "빈_시간_있어요"]) == "모레 빈 시간 있어요?"


def test_only_what_a_tool_takes_can_be_said() -> None:
    network = compile_automaton(build_korean_language(Hints(tools=[make_tool("예약을 취소합니다.")])).rule)
    assert network.accepts(["예약을_취소할게요"])
    assert not network.accepts(["월요일이요"])
    assert not network.accepts(["김", "~민수입니다"])
    assert compile_automaton(build_korean_language(Hints()).rule).accepts(["감사합니다"])


@pytest.mark.parametrize(
    "heard", ["월요일이요", "다음 주 화요일 오후 세 시로", "김민수입니다", "이서연이라고 합니다"]
)
def test_names_and_days_that_sound_alike_are_ambiguous(heard: str) -> None:
    assert is_ambiguous(heard)


@pytest.mark.parametrize(
    "heard", ["네", "내일 오후 세 시로", "진료 예약하고 싶어요", "Where is my order A1001?"]
)
def test_other_words_are_not(heard: str) -> None:
    assert not is_ambiguous(heard)
