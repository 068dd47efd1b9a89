"""Tool sets of invented agents, each by a name; none of them is an agent of the project."""

from __future__ import annotations

from collections.abc import Mapping

from agentrun.wire.json import JsonObject
from tests.engine.responders.rehearsal.desk import (
    BANK,
    CLINIC,
    CLOCK,
    DAY,
    HANG_UP,
    HOME,
    HOTEL,
    ORDER_ID,
    PIZZA,
    SHOP,
    TEXT,
    function,
)


def _enum(*options: str, description: str = "") -> JsonObject:
    return {"type": "string", "enum": list(options), "description": description}


def _count(description: str, most: int = 50) -> JsonObject:
    return {"type": "integer", "minimum": 1, "maximum": most, "description": description}


_TABLE = [
    function(
        "find_table", "Check when a table is free.", ["day", "people"], day=DAY, people=_count("People"),
    ),
    function(
        "reserve_table",
        "Reserve a table. Wait for a yes before you use this.",
        ["day", "time", "people", "name"],
        day=DAY, time=CLOCK, people=_count("How many people"),
        name={"type": "string", "description": "The name of the guest"},
    ),
    function(
        "cancel_reservation", "Cancel a reservation.", ["name", "day"],
        name={"type": "string", "description": "The name of the guest"}, day=DAY,
    ),
]  # fmt: skip
_AIRLINE = [
    function(
        "search_flights", "Search flights between two cities on a date.", ["origin", "destination", "date"],
        origin={"type": "string", "description": "City of departure"},
        destination={"type": "string", "description": "City of arrival"},
        date={**DAY, "description": "Date of the flight"},
        cabin=_enum("economy", "premium_economy", "business", "first", description="Cabin class"),
    ),
    function(
        "get_flight_status", "Get the status of a flight.", ["flight_number"],
        flight_number={"type": "string", "pattern": r"^[A-Z]{2}\d{3,4}$", "description": "Flight number"},
    ),
    function(
        "cancel_booking", "Cancel a booking.", ["reference"],
        reference={
            "type": "string", "pattern": r"^[A-Z]{3}\d{3}$", "description": "The booking reference",
            "examples": ["KLM123"],
        },
    ),
    function(
        "add_baggage", "Add bags to a booking.", ["reference", "bags"],
        reference={"type": "string", "pattern": r"^[A-Z]{3}\d{3}$", "description": "The booking reference"},
        bags=_count("How many bags", 5),
    ),
]  # fmt: skip
_ENERGY = [
    function(
        "submit_reading", "Take the reading of a meter.", ["meter", "reading"],
        meter=_enum("gas", "electricity", "water", description="Which meter"),
        reading={"type": "number", "minimum": 0, "description": "The number on the meter"},
    ),
    function(
        "change_address", "Change the address of the customer.", ["address"],
        address={"type": "string", "description": "The new address"},
    ),
    function(
        "get_invoice", "Get the amount of the invoice of a month.", ["month"],
        month=_enum(
            "january", "february", "march", "april", "may", "june", "july", "august", "september",
            "october", "november", "december", description="Month",
        ),
    ),
    function(
        "report_outage", "Report a power outage.", ["postcode"],
        postcode={"type": "string", "pattern": r"^\d{5}$", "description": "Post code"},
    ),
]  # fmt: skip
_TRIAGE = [
    function(
        "transfer_to_billing", "Hand the caller over to the billing desk.", ["reason"],
        reason={"type": "string", "description": "Why the caller is handed over"},
    ),
    function("transfer_to_technical_support", "Hand the caller over to technical support."),
    function(
        "transfer_to_human", "Hand the caller over to a person.",
    ),
    function(
        "get_opening_hours", "Tell when the office is open.", [],
        day=_enum("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ),
]  # fmt: skip
_PARCEL = [
    function(
        "create_shipment", "Send a parcel.", ["service", "weight_kg", "destination"],
        service=_enum(
            "STD", "EXP", "SAT", description="STD = standard, EXP = express, SAT = Saturday delivery"
        ),
        weight_kg={"type": "number", "exclusiveMinimum": 0, "maximum": 30, "description": "Weight in kilos"},
        destination={"type": "string", "description": "Where the parcel goes"},
        insured={"type": "boolean", "description": "Whether it is insured"},
    ),
    function(
        "track_parcel", "Track a parcel.", ["tracking_code"],
        tracking_code={"type": "string", "pattern": r"^[A-Z]\d-\d{3}$", "description": "Tracking code"},
    ),
    function(
        "schedule_pickup", "Schedule a pickup.", ["date", "window"], date=DAY,
        window={
            "oneOf": [
                {"const": "am", "title": "in the morning"},
                {"const": "pm", "title": "in the afternoon"},
            ],
            "description": "Part of the day",
        },
    ),
]  # fmt: skip
_ACCOUNT = [
    function(
        "update_email", "Change the e-mail address of the customer.", ["email"],
        email={"type": "string", "format": "email", "description": "The new e-mail address"},
    ),
    function(
        "refund_order", "Refund an order.", ["order_id", "amount"],
        order_id=ORDER_ID,
        amount={"type": "number", "exclusiveMinimum": 0, "description": "Amount in dollars"},
    ),
    function(
        "find_customer", "Find a customer by name.", ["name"],
        name={"type": "string", "description": "Full name of the customer"},
    ),
    function("close_account", "Close the account of the customer for good.", ["email"],
        email={"type": "string", "format": "email", "description": "E-mail of the account"}),
    HANG_UP,
]  # fmt: skip
_GYM = [
    function(
        "book_class", "Book a class.", ["class_name", "date"],
        class_name=_enum("yoga", "pilates", "spinning", "swimming", description="Which class"),
        date={**DAY, "description": "Which day"},
    ),
    function(
        "cancel_class", "Cancel a class.", ["class_name", "date"],
        class_name=_enum("yoga", "pilates", "spinning", "swimming", description="Which class"),
        date={**DAY, "description": "Which day"},
    ),
    function(
        "freeze_membership", "Freeze a membership for some months.", ["months"],
        months=_count("How many months", 12),
    ),
    function("get_schedule", "Tell the schedule of classes on a day.", ["date"], date=DAY),
]  # fmt: skip
_SALON = [
    function(
        "예약하기", "미용실 예약을 잡습니다.", ["시술", "날짜", "시간", "이름"],
        시술=_enum("커트", "파마", "염색", description="시술 종류"),
        날짜={"type": "string", "format": "date", "description": "예약 날짜"},
        시간={**CLOCK, "description": "예약 시간"},
        이름={"type": "string", "description": "예약자 이름"},
    ),
    function(
        "예약취소", "예약을 취소합니다.", ["이름", "날짜"],
        이름={"type": "string", "description": "예약자 이름"},
        날짜={"type": "string", "format": "date", "description": "예약 날짜"},
    ),
    function(
        "가격안내", "시술 가격을 알려 줍니다.", ["시술"],
        시술=_enum("커트", "파마", "염색", description="시술 종류"),
    ),
]  # fmt: skip
_DELIVERY_KO = [
    function(
        "track_package", "택배 배송 상태를 조회합니다.", ["invoice_number"],
        invoice_number={"type": "string", "pattern": r"^\d{6}$", "description": "운송장 번호"},
    ),
    function(
        "change_address", "배송지 주소를 변경합니다.", ["invoice_number", "address"],
        invoice_number={"type": "string", "pattern": r"^\d{6}$", "description": "운송장 번호"},
        address={"type": "string", "description": "새 주소"},
    ),
    function(
        "refund", "환불을 접수합니다.", ["amount", "reason"],
        amount={"type": "integer", "minimum": 100, "description": "환불 금액(원)"},
        reason=_enum(
            "damaged", "late", "changed_mind",
            description="damaged: 파손, late: 지연, changed_mind: 단순 변심",
        ),
    ),
    function("connect_to_agent", "상담원에게 전화를 연결합니다."),
]  # fmt: skip
_CINEMA = [
    function(
        "buy_tickets", "Buy cinema tickets.", ["film", "tickets"],
        film=_enum("The Long Harbour", "Night Train", "Paper Moons", description="Film"),
        tickets=_count("How many tickets", 10),
        seat=_enum("front", "middle", "back", description="Where to sit"),
    ),
    function("list_films", "List the films that run tonight."),
]  # fmt: skip

TOOLSETS: Mapping[str, list[JsonObject]] = {
    "shop": SHOP, "pizza": PIZZA, "home": HOME, "bank": BANK, "hotel": HOTEL, "clinic": CLINIC,
    "table": _TABLE, "airline": _AIRLINE, "energy": _ENERGY, "triage": _TRIAGE, "parcel": _PARCEL,
    "account": _ACCOUNT, "gym": _GYM, "salon": _SALON, "delivery_ko": _DELIVERY_KO, "cinema": _CINEMA,
    "play": [function("play_music", "Play a song.", ["title"], title=TEXT)],
}  # fmt: skip
