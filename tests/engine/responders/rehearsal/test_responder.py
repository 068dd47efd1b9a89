from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.seams import Call, Prompt, Say
from agentrun.wire.json import JsonObject
from tests.engine.responders.rehearsal.desk import (
    BANK,
    CLINIC,
    DAY,
    HOME,
    HOTEL,
    NOW,
    PIZZA,
    SHOP,
    TEXT,
    Desk,
    find_calls,
    find_words,
    function,
    message,
)

_COUNT: JsonObject = {"type": "integer", "minimum": 1}
ONE_TURN = [
    (SHOP, "Where is my order A1001?", "lookup_order", {"order_id": "A1001"}),
    (SHOP, "where is my order a one zero zero one", "lookup_order", {"order_id": "A1001"}),
    (SHOP, "has order a thousand one shipped yet", "lookup_order", {"order_id": "A1001"}),
    (SHOP, "My book arrived damaged.", "create_ticket", {"subject": "My book arrived damaged"}),
    (PIZZA, "I'd like two large pizzas with ham and mushrooms", "order_pizza",
     {"size": "large", "quantity": 2, "toppings": ["mushroom", "ham"]}),
    (PIZZA, "라지 피자 두 판 주문할게요", "order_pizza", {"size": "large", "quantity": 2}),
    (PIZZA, "What's on the menu?", "get_menu", {}),
    (HOME, "turn on the light in the living room", "set_light", {"room": "living_room", "on": True}),
    (HOME, "turn the kitchen light off please", "set_light", {"room": "kitchen", "on": False}),
    (HOME, "거실 불 켜 줘", "set_light", {"room": "living_room", "on": True}),
    (HOME, "침실 불 꺼 주세요", "set_light", {"room": "bedroom", "on": False}),
    (HOME, "set the temperature to twenty one degrees", "set_temperature", {"degrees": 21}),
    (HOME, "play Yesterday Once More please", "play_music", {"title": "Yesterday Once More"}),
    (BANK, "what's the balance of my savings account", "get_balance", {"account": "savings"}),
    (BANK, "저축 계좌 잔액 알려 주세요", "get_balance", {"account": "savings"}),
    (BANK, "I lost my card, it ends in four two four two", "block_card", {"last_digits": "4242"}),
    (HOTEL, "do you have a free room next Friday", "check_availability", {"date": "2026-11-27"}),
    (HOTEL, "book a room for December third, two nights, my name is Ada Byron, with breakfast", "book_room",
     {"check_in": "2026-12-03", "nights": 2, "guest_name": "Ada Byron", "breakfast": True}),
    (CLINIC, "내일 오후 세 시에 예약해 주세요. 제 이름은 김민수예요", "book_appointment",
     {"name": "김민수", "date": "2026-11-22", "time": "15:00"}),
    (CLINIC, "에이 천일 주문 어디까지 왔어요?", "lookup_order", {"order_id": "A1001"}),
]  # fmt: skip


@pytest.mark.parametrize(("tools", "said", "name", "arguments"), ONE_TURN, ids=[row[1] for row in ONE_TURN])
def test_one_utterance_is_enough(
    tools: Sequence[JsonObject], said: str, name: str, arguments: JsonObject
) -> None:
    assert find_calls(Desk(tools).say(said)) == [(name, arguments)]


@pytest.mark.parametrize("tools", [SHOP, PIZZA, HOME, BANK, HOTEL, CLINIC])
@pytest.mark.parametrize(
    "said",
    [
        "Hello!",
        "How are you?",
        "Thank you",
        "안녕하세요",
        "고마워요",
        "What can you do?",
        "Pardon?",
        "okay",
        "hmm",
    ],
)
def test_small_talk_calls_nothing(tools: Sequence[JsonObject], said: str) -> None:
    moves = Desk(tools).say(said)
    assert find_calls(moves) == []
    assert find_words(moves)


def test_asks_for_what_is_missing_and_takes_the_bare_value() -> None:
    desk = Desk(SHOP)
    assert find_words(desk.say("I want to know where my parcel is")) == "What is the order number?"
    assert find_calls(desk.say("um, it's a one zero zero two")) == [("lookup_order", {"order_id": "A1002"})]


def test_asks_again_when_the_answer_does_not_fit() -> None:
    desk = Desk(SHOP)
    desk.say("where is my order")
    assert find_words(desk.say("banana")).startswith("Sorry")
    assert find_calls(desk.say("A1003")) == [("lookup_order", {"order_id": "A1003"})]


def test_fills_several_slots_over_several_turns_in_korean() -> None:
    desk = Desk(CLINIC)
    assert "성함" in find_words(desk.say("진료 예약하고 싶어요"))
    assert "날짜" in find_words(desk.say("김민수입니다"))
    assert "시" in find_words(desk.say("다음 주 화요일이요"))
    called = find_calls(desk.say("오전 열 시 반이요"))
    assert called == [("book_appointment", {"name": "김민수", "date": "2026-11-24", "time": "10:30"})]


def test_small_talk_in_between_keeps_the_question_open() -> None:
    desk = Desk(HOTEL)
    desk.say("I'd like to book a room for two nights")
    assert "arrival" in find_words(desk.say("who are you?"))
    desk.say("tomorrow")
    assert find_calls(desk.say("Ada Byron"))[0][1] == {
        "check_in": "2026-11-22",
        "nights": 2,
        "guest_name": "Ada Byron",
    }


def test_confirmation_is_asked_once_where_it_is_demanded() -> None:
    desk = Desk(BANK)
    moves = desk.say("transfer two hundred fifty euros to account DE 4711")
    assert find_calls(moves) == []
    assert "250" in find_words(moves)
    assert find_calls(desk.say("yes, go ahead")) == [
        ("transfer_money", {"amount": 250, "to_account": "DE4711"})
    ]


def test_no_drops_what_was_to_be_confirmed() -> None:
    desk = Desk(SHOP)
    desk.say("please cancel order A1001")
    assert find_calls(desk.say("no, don't")) == []
    assert find_calls(desk.say("yes")) == []


def test_a_correction_before_the_yes_is_confirmed_anew() -> None:
    desk = Desk(SHOP)
    desk.say("cancel order A1001")
    assert "A1002" in find_words(desk.say("no, A1002"))
    assert find_calls(desk.say("yes")) == [("cancel_order", {"order_id": "A1002"})]


def test_a_correction_after_the_call_redoes_it() -> None:
    desk = Desk(SHOP)
    desk.say("where is order A1001")
    assert find_calls(desk.say("sorry, I meant A1002")) == [("lookup_order", {"order_id": "A1002"})]


def test_values_of_earlier_turns_are_used() -> None:
    desk = Desk(SHOP)
    desk.say("Hello, my number is A1004")
    desk.say("thanks")
    assert find_calls(desk.say("what is the status of my order?")) == [
        ("lookup_order", {"order_id": "A1004"})
    ]


@pytest.mark.parametrize("said", ["don't cancel my order A1001", "주문 A1001 취소하지 마세요"])
def test_negated_actions_are_not_taken(said: str) -> None:
    assert "cancel_order" not in dict(find_calls(Desk(SHOP).say(said)))
    assert "cancel_order" not in find_words(Desk(SHOP).say(said))


def test_a_question_about_a_thing_does_not_act_on_it() -> None:
    only_cancel = [tool for tool in SHOP if tool["name"] == "cancel_order"]
    assert find_calls(Desk(only_cancel).say("where is my order A1001?")) == []


def test_goodbye_is_said_before_the_line_is_cut() -> None:
    desk = Desk(SHOP, answer=lambda call: {"outcome": "ok", "tool": call.name, "result": {"call": "ending"}})
    moves = desk.say("That's all, bye!")
    assert isinstance(moves[0], Say)
    assert moves[0].phase == "commentary"
    assert moves[1:] == [Call("hang_up", {})]


def test_two_codes_make_two_calls() -> None:
    calls = find_calls(Desk(SHOP).say("where are my orders A1001 and A1002?"))
    assert calls == [("lookup_order", {"order_id": "A1001"}), ("lookup_order", {"order_id": "A1002"})]


def test_the_result_is_told_with_its_id_and_its_date() -> None:
    desk = Desk(SHOP, answer=lambda _call: {"status": "shipped", "eta": "2026-11-25"})
    told = find_words(desk.say("Where is my order A1001?"))
    assert "shipped" in told
    assert "November 25" in told


def test_a_pending_call_is_not_made_twice() -> None:
    desk = Desk(SHOP)
    desk.items = [
        message("user", "where is order A1001"),
        {
            "type": "function_call",
            "call_id": "c1",
            "name": "lookup_order",
            "arguments": '{"order_id": "A1001"}',
        },
        message("user", "so where is my order A1001?"),
    ]
    moves = desk.respond()
    assert find_calls(moves) == []
    assert "still waiting" in find_words(moves)


def test_tool_choice_none_calls_nothing() -> None:
    desk = Desk(SHOP)
    desk.tool_choice = "none"
    assert find_calls(desk.say("Where is my order A1001?")) == []


def test_tool_choice_of_a_function_forces_it() -> None:
    desk = Desk(SHOP)
    desk.tool_choice = {"type": "function", "name": "create_ticket"}
    assert find_calls(desk.say("the lamp in my parcel is broken"))[0][0] == "create_ticket"


def test_unheard_callers_are_asked_to_repeat() -> None:
    desk = Desk(SHOP)
    part = {"type": "input_audio", "transcript": None}
    desk.items = [{"type": "message", "role": "user", "content": [part]}]
    assert "again" in find_words(desk.respond())


def test_facts_of_the_instructions_answer_questions() -> None:
    facts = ("Breakfast is served from seven to ten.", "Parking costs nine euros a day.")
    instructions = "You are the desk of Hotel Linde.\n- " + "\n- ".join(facts)
    assert find_words(Desk([], instructions).say("How much is parking?")) == "Parking costs nine euros a day."
    assert "seven to ten" in find_words(Desk([], instructions).say("When is breakfast?"))


def test_greets_with_the_role_or_the_quoted_greeting() -> None:
    assert "Hotel Linde" in find_words(Desk([], "You are the desk of Hotel Linde.").respond())
    assert (
        find_words(Desk([], 'Greet callers with "Ahoy, Harbour Books!".').respond()) == "Ahoy, Harbour Books!"
    )
    assert "바다의원의 접수 담당자입니다" in find_words(
        Desk([], "당신은 바다의원의 접수 담당자입니다.").respond()
    )


@pytest.mark.parametrize(
    ("instructions", "words"),
    [
        (
            "Say exactly this to the caller, word for word, and nothing else:\n\nOne moment.\nPlease.",
            "One moment.\nPlease.",
        ),
        ('Say exactly the following text: "Hello there."', "Hello there."),
        ("Say: hi", "hi"),
        ("다음과 같이 말하세요: 잠시만요.", "잠시만요."),
        ("Tell the caller that you are still looking.", "I am still looking."),
    ],
)
def test_instructed_words_are_said(instructions: str, words: str) -> None:
    prompt = Prompt(instructions, True, [], "none", [], NOW)
    assert RehearsalResponder().respond(prompt) == (Say(words),)


def test_an_order_between_two_answers_is_no_greeting() -> None:
    prompt = Prompt("Reassure the caller.", True, [], "none", [], NOW)
    assert RehearsalResponder().respond(prompt) == (Say("One moment, please."),)


def test_other_languages_keep_to_the_words_of_the_agent() -> None:
    number = {"type": "string", "pattern": r"^A\d{4}$", "description": "Nummer der Bestellung"}
    tools = [function("bestellung", "Bestellung suchen", ["nummer"], nummer=number)]
    desk = Desk(tools)
    assert find_words(desk.say("Wo ist meine Bestellung bitte?")) == "Nummer der Bestellung?"
    assert find_calls(desk.say("A1001")) == [("bestellung", {"nummer": "A1001"})]


def test_a_preamble_only_where_it_is_switched_on() -> None:
    prompt = Prompt("", False, SHOP, "auto", [message("user", "where is order A1001?")], NOW)
    assert [type(move) for move in RehearsalResponder(preamble=True).respond(prompt)] == [Say, Call]
    assert [type(move) for move in RehearsalResponder().respond(prompt)] == [Call]


def test_wishes_choose_tools_and_questions_about_a_state_do_not() -> None:
    assert "How many nights" in find_words(Desk(HOTEL).say("I need a room from December third"))
    assert find_calls(Desk(HOME).say("is the kitchen light on?")) == []


def test_a_question_in_between_is_answered_before_the_open_one_is_asked_again() -> None:
    desk = Desk(PIZZA, "You are Pizzeria Luna. We deliver every day from five to eleven.")
    desk.say("can I get a pizza?")
    words = find_words(desk.say("Do you deliver on Sundays?"))
    assert "every day from five to eleven" in words
    assert "size" in words


def test_an_addition_repeats_the_last_call() -> None:
    desk = Desk(PIZZA)
    desk.say("two large pizzas please")
    assert find_calls(desk.say("and with mushrooms"))[0][1]["toppings"] == ["mushroom"]


def test_money_in_korean_words() -> None:
    desk = Desk(BANK)
    desk.say("송금하고 싶어요")
    words = find_words(desk.say("오만 원을 DE4711로요"))
    assert "50000" in words
    assert "DE4711" in words


def test_the_slot_that_was_asked_for_gets_the_value() -> None:
    stay = function(
        "book_stay", "Book a stay.", ["check_in", "check_out"],
        check_in={"type": "string", "format": "date"}, check_out={"type": "string", "format": "date"},
    )  # fmt: skip
    desk = Desk([stay])
    desk.say("I'd like to book a stay")
    assert "check-out" in find_words(desk.say("tomorrow"))
    stayed = {"check_in": "2026-11-22", "check_out": "2026-11-25"}
    assert find_calls(desk.say("the 25th")) == [("book_stay", stayed)]
    both = find_calls(Desk([stay]).say("book a stay from the 3rd to the 5th of December"))
    assert both == [("book_stay", {"check_in": "2026-12-03", "check_out": "2026-12-05"})]


def test_digits_of_a_telephone_number_are_no_pin() -> None:
    verify = function(
        "verify_customer", "Verify who the caller is.", ["phone", "pin"],
        phone={"type": "string", "description": "Phone number of the customer"},
        pin={"type": "string", "pattern": r"^\d{4}$", "description": "The PIN"},
    )  # fmt: skip
    desk = Desk([verify])
    assert find_words(desk.say("please verify me")) == "What is your phone number?"
    assert "PIN" in find_words(desk.say("0612 345 678"))
    assert find_calls(desk.say("1234")) == [("verify_customer", {"phone": "0612 345 678", "pin": "1234"})]
    at_once = find_calls(Desk([verify]).say("verify me, my phone is 555 123 4567 and my pin is 9876"))
    assert at_once == [("verify_customer", {"phone": "555 123 4567", "pin": "9876"})]


def test_a_word_of_the_tool_chooses_no_option() -> None:
    block = function(
        "block_card", "Block a card.", ["reason"], reason={"type": "string", "enum": ["lost", "stolen"]}
    )
    desk = Desk([block])
    assert find_words(desk.say("block my card")) == "Which reason is it: lost or stolen?"
    assert find_calls(desk.say("it was stolen")) == [("block_card", {"reason": "stolen"})]
    assert find_calls(Desk([block]).say("카드를 분실했어요")) == [("block_card", {"reason": "lost"})]


def test_what_was_looked_up_is_taken_over() -> None:
    table = [
        function("find_table", "Check when a table is free.", ["day", "people"], day=DAY, people=_COUNT),
        function(
            "reserve_table", "Reserve a table. Wait for a yes before you use this.",
            ["day", "at", "people", "name"],
            day=DAY, at={"type": "string", "format": "time"}, people=_COUNT, name=TEXT,
        ),
    ]  # fmt: skip
    desk = Desk(table, answer=lambda _call: {"free_times": ["18:00", "19:30"]})
    words = find_words(desk.say("Do you have a table for two on Friday?"))
    assert words == "The free times are 6 pm and 7:30 pm."
    assert "name" in find_words(desk.say("half past seven please"))
    assert "Is that right?" in find_words(desk.say("Ann Lee"))
    reserved = {"day": "2026-11-27", "at": "19:30:00", "people": 2, "name": "Ann Lee"}
    assert find_calls(desk.say("yes")) == [("reserve_table", reserved)]


@pytest.mark.parametrize(
    ("said", "city"),
    [
        ("What's the weather like in Paris?", "Paris"),
        ("will it rain in new york tomorrow", "New York"),
        ("how warm is it in seoul", "Seoul"),
        ("부산 날씨 어때요?", "부산"),
    ],
)
def test_places(said: str, city: str) -> None:
    weather = function("get_weather", "Get the weather forecast for a city.", ["city"], city=TEXT)
    assert find_calls(Desk([weather]).say(said)) == [("get_weather", {"city": city})]


def test_a_general_question_is_answered_from_the_instructions_and_leaves_nothing_open() -> None:
    desk = Desk(SHOP, "You are a shop. Delivery costs three pounds.")
    assert find_words(desk.say("How much is delivery?")) == "Delivery costs three pounds."
    assert "order number" not in find_words(desk.say("okay"))
    assert find_words(desk.say("When will my delivery come?")) == "What is the order number?"


def test_trouble_is_a_reason_for_a_ticket() -> None:
    assert find_calls(Desk(SHOP).say("my new lamp is not working"))[0][0] == "create_ticket"


# Properties

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_SPOKEN = """
where is my order A1001 cancel book two large pizza tomorrow at three yes no thanks bye
내일 오후 세 시 예약 취소 에이 천일
my name Ada Byron transfer 250 euros to DE4711 not the light kitchen on off what can you do
"""
_WORDS = st.lists(st.sampled_from(_SPOKEN.split()), max_size=10).map(" ".join)
_ITEM = st.one_of(
    _WORDS.map(lambda text: message("user", text)),
    _WORDS.map(lambda text: message("assistant", text)),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["message", "function_call", "function_call_output", "mcp_call"]),
            "role": _JSON | st.just("user"),
            "content": _JSON,
            "call_id": st.sampled_from(["a", "b"]) | _JSON,
            "name": st.sampled_from(["lookup_order", "order_pizza"]) | _JSON,
            "arguments": _JSON | st.just('{"order_id": "A1001"}'),
            "output": _JSON | _JSON.map(json.dumps),
        }
    ),
)
_SCHEMA: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            ["string", "integer", "number", "boolean", "array", "object", ["string", "null"]]
        )
        | _JSON,
        "enum": st.lists(st.text(max_size=6) | st.integers(), max_size=3) | _JSON,
        "pattern": st.sampled_from([r"^\d+$", "(", "(a+)+", "^[a-z]+$"]) | _JSON,
        "format": st.sampled_from(["date", "time", "email", "uuid"]) | _JSON,
        "minimum": st.integers(-3, 3),
        "items": _JSON,
        "anyOf": _JSON,
        "$ref": _JSON | st.just("#/"),
        "description": _JSON,
    },
)
_TOOL: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "type": st.just("function"),
        "name": st.sampled_from(["lookup_order", "book", "cancel_it"]) | _JSON,
        "description": st.text(max_size=20) | _JSON,
        "parameters": st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(
                    st.sampled_from(["id", "date", "name", "on", ""]), _SCHEMA | _JSON, max_size=3
                )
                | _JSON,
                "required": st.just(["id", "name"]) | _JSON,
            }
        )
        | _JSON,
    }
)


@settings(max_examples=60, deadline=None)
@example(
    [message("user", "where")], [function("lookup_order", "", ["id"], id={"enum": None})], "required", ""
)
@given(
    st.lists(_ITEM, max_size=6),
    st.lists(_TOOL, max_size=3),
    _JSON | st.just("required"),
    st.text(max_size=60),
)
def test_never_raises_and_never_wavers(
    items: list[JsonObject], tools: list[JsonObject], tool_choice: object, instructions: str
) -> None:
    prompt = Prompt(instructions, False, tools, tool_choice, items, NOW)
    moves = RehearsalResponder().respond(prompt)
    assert moves == RehearsalResponder().respond(prompt)
    assert all(isinstance(move, Say | Call) for move in moves)
    names = {tool["name"] for tool in tools if isinstance(tool.get("name"), str)}
    assert all(move.name in names for move in moves if isinstance(move, Call))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([SHOP, PIZZA, HOME, BANK, HOTEL, CLINIC]), st.lists(_WORDS, min_size=1, max_size=4))
def test_arguments_keep_to_the_schema_and_codes_were_said(tools: list[JsonObject], turns: list[str]) -> None:
    desk = Desk(tools)
    schemas = {tool["name"]: tool["parameters"] for tool in tools}
    for turn in turns:
        for name, arguments in find_calls(desk.say(turn)):
            jsonschema.validate(arguments, schemas[name], format_checker=jsonschema.FormatChecker())
            code = arguments.get("order_id") or arguments.get("to_account")
            said = " ".join(turns).replace("에이 천일", "A1001").replace(" ", "").upper()
            assert code is None or code in said
