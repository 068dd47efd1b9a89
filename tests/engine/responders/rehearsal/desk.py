"""Invented agents and a way to talk with them: a client that answers every call, as values."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence

from agentrun.engine.responders.rehearsal import RehearsalResponder
from agentrun.engine.seams import Call, Move, Prompt, Say
from agentrun.wire.json import JsonObject, JsonValue

NOW = datetime.datetime(2026, 11, 21, 10, 0)  # a Saturday


def function(
    name: str, description: str, required: Sequence[str] = (), /, **properties: JsonObject
) -> JsonObject:
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "name": name, "description": description, "parameters": parameters}


TEXT: JsonObject = {"type": "string"}
ORDER_ID: JsonObject = {"type": "string", "description": "The order number", "pattern": r"^A\d{4}$"}
DAY: JsonObject = {"type": "string", "format": "date", "description": "Date"}
CLOCK: JsonObject = {"type": "string", "pattern": r"^\d{2}:\d{2}$", "description": "Time of day, HH:MM"}
HANG_UP = function("hang_up", "End the call when the caller says goodbye.", reason=TEXT)

SHOP = [
    function(
        "lookup_order", "Look up the status and the delivery of an order.", ["order_id"], order_id=ORDER_ID
    ),
    function(
        "cancel_order", "Cancel an order. Ask the caller to confirm first.", ["order_id"], order_id=ORDER_ID
    ),
    function(
        "create_ticket",
        "Open a support ticket when the caller reports a problem that you cannot solve.",
        ["subject"],
        subject={"type": "string", "description": "One line that sums up the problem"},
    ),
    HANG_UP,
]
PIZZA = [
    function(
        "order_pizza",
        "Order a pizza for delivery.",
        ["size", "quantity"],
        size={"type": "string", "enum": ["small", "medium", "large"], "description": "Size"},
        quantity={"type": "integer", "minimum": 1, "maximum": 10},
        toppings={"type": "array", "items": {"enum": ["cheese", "mushroom", "ham", "green_pepper"]}},
    ),
    function("get_menu", "Read out the menu."),
]
HOME = [
    function(
        "set_light",
        "Turn a light on or off.",
        ["room", "on"],
        room={"type": "string", "enum": ["living_room", "kitchen", "bedroom"], "description": "Room"},
        on={"type": "boolean", "description": "Whether the light is on"},
    ),
    function(
        "set_temperature",
        "Set the temperature of the heating.",
        ["degrees"],
        degrees={"type": "number", "minimum": 5, "maximum": 30, "description": "Degrees Celsius"},
    ),
    function("play_music", "Play a song.", ["title"], title=TEXT),
]
BANK = [
    function(
        "get_balance",
        "Tell the balance of an account.",
        ["account"],
        account={"enum": ["checking", "savings"]},
    ),
    function(
        "transfer_money",
        "Transfer money to another account. Only after the caller has confirmed.",
        ["amount", "to_account"],
        amount={"type": "number", "exclusiveMinimum": 0, "description": "Amount in euros"},
        to_account={"type": "string", "description": "The account number", "pattern": r"^DE\d{4}$"},
    ),
    function("block_card", "Block a lost or stolen card.", ["last_digits"], last_digits={
        "type": "string", "pattern": r"^\d{4}$", "description": "The last four digits of the card"}),
]  # fmt: skip
HOTEL = [
    function(
        "book_room",
        "Book a room.",
        ["check_in", "nights", "guest_name"],
        check_in={**DAY, "description": "The day of arrival"},
        nights={"type": "integer", "minimum": 1, "description": "How many nights"},
        guest_name={"type": "string", "description": "The name of the guest"},
        breakfast={"type": "boolean", "description": "Whether breakfast is included"},
    ),
    function("check_availability", "Check which rooms are available.", ["date"], date=DAY),
]
CLINIC = [
    function(
        "book_appointment",
        "진료 예약을 잡습니다.",
        ["name", "date", "time"],
        name={"type": "string", "description": "환자 이름"},
        date={"type": "string", "format": "date", "description": "진료 날짜"},
        time={**CLOCK, "description": "진료 시간"},
    ),
    function(
        "lookup_order",
        "주문 상태를 조회합니다.",
        ["order_id"],
        order_id={**ORDER_ID, "description": "주문 번호 (예: A1001)"},
    ),
    function("hang_up", "전화를 끊습니다."),
]


def message(role: str, text: str) -> JsonObject:
    kind = "input_text" if role == "user" else "output_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


class Desk:
    """One conversation, held like a client would hold it."""

    def __init__(
        self,
        tools: Sequence[JsonObject],
        instructions: str = "",
        answer: Callable[[Call], JsonValue] | None = None,
    ) -> None:
        self.tools = tools
        self.instructions = instructions
        self.items: list[JsonObject] = []
        self.answer = answer or (
            lambda call: {"outcome": "ok", "tool": call.name, "result": {"status": "done"}}
        )
        self.tool_choice: JsonValue = "auto"

    def respond(self) -> Sequence[Move]:
        prompt = Prompt(self.instructions, False, self.tools, self.tool_choice, tuple(self.items), NOW)
        return RehearsalResponder().respond(prompt)

    def say(self, text: str) -> list[Move]:
        """Say something and return all moves until the floor is the caller's again."""
        self.items.append(message("user", text))
        moves = self.take(self.respond())
        if any(isinstance(move, Call) for move in moves):
            for index, call in enumerate(move for move in moves if isinstance(move, Call)):
                self.deliver(f"call_{len(self.items)}_{index}", call)
            moves += self.take(self.respond())
        return moves

    def deliver(self, call_id: str, call: Call) -> None:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        self.items.append(
            {"type": "function_call", "call_id": call_id, "name": call.name, "arguments": arguments}
        )
        output = self.answer(call)
        text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
        self.items.append({"type": "function_call_output", "call_id": call_id, "output": text})

    def take(self, moves: Sequence[Move]) -> list[Move]:
        self.items += [message("assistant", move.text) for move in moves if isinstance(move, Say)]
        return list(moves)


def find_calls(moves: Sequence[Move]) -> list[tuple[str, JsonObject]]:
    return [(move.name, move.arguments) for move in moves if isinstance(move, Call)]


def find_words(moves: Sequence[Move]) -> str:
    return " ".join(move.text for move in moves if isinstance(move, Say))
