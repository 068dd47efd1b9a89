"""The order book of Harbour Books: the functions that `agents/support.yaml` offers to the model.

A small SQLite file, made with a few orders on first use: `var/orders.sqlite3` beside this folder, or the path
in `HARBOUR_BOOKS_DB`. Each function opens its own connection, so threads and processes may share the file.
Dates are kept as days from today, so that this example never grows old.

To hear the placeholder, make the book slow: `HARBOUR_BOOKS_DELAY_MS=3000`.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from agentrun import ToolError

OrderId = Annotated[
    str, "Order number: the letter A and four digits", {"pattern": r"^A\d{4}$", "examples": ["A1001"]}
]
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('packing', 'shipped', 'delivered', 'cancelled')),
    day INTEGER NOT NULL,  -- days from today to the delivery; negative if it was in the past
    items TEXT NOT NULL
) STRICT
"""
FIRST_ORDERS = [
    ("A1001", "shipped", 2, "Moby-Dick and a reading lamp"),
    ("A1002", "packing", 5, "The Old Man and the Sea"),
    ("A1003", "delivered", -3, "Treasure Island in large print"),
    ("A1004", "packing", 4, "three sea charts of the north coast"),
    ("A1005", "cancelled", 0, "Twenty Thousand Leagues Under the Sea"),
]
STATUS_WORDS = {
    "packing": "being packed",
    "shipped": "on its way",
    "delivered": "delivered",
    "cancelled": "cancelled",
}


class OrderAnswer(TypedDict, total=False):
    """What the model reads about an order; every text sounds right when spoken."""

    order_id: str
    status: str
    delivery: str
    content: str


class HoursAnswer(TypedDict):
    """When the shop is open."""

    day: str
    hours: str


def lookup_order(order_id: OrderId) -> OrderAnswer:
    """Look up where an order is, its status, what is in it and when it will arrive.

    Use this whenever the caller asks about an order, a delivery or a parcel.
    """
    with _open_book() as book:
        return _describe(_find(book, order_id))


def cancel_order(order_id: OrderId) -> OrderAnswer:
    """Cancel an order that has not been sent yet. Ask the caller to confirm before you use this."""
    with _open_book() as book:
        order = _find(book, order_id)
        if order["status"] in ("shipped", "delivered"):
            raise ToolError(f"Order {order['id']} has already left the shop and cannot be cancelled.")
        book.execute("UPDATE orders SET status = 'cancelled' WHERE id = ?", (order["id"],))
        return {"order_id": order["id"], "status": "cancelled"}


def change_delivery_date(
    order_id: OrderId, day: Annotated[date, "The new day of delivery, from tomorrow on"]
) -> OrderAnswer:
    """Move the delivery of an order to another date."""
    days = (day - date.today()).days
    if not 1 <= days <= 60:
        raise ToolError("The new delivery date must be between tomorrow and sixty days from now.")
    if day.weekday() == 6:
        raise ToolError("We do not deliver on Sundays. Please choose another day.")
    with _open_book() as book:
        order = _find(book, order_id)
        if order["status"] != "packing":
            raise ToolError(
                f"Order {order['id']} is {STATUS_WORDS[order['status']]}; its date cannot change."
            )
        book.execute("UPDATE orders SET day = ? WHERE id = ?", (days, order["id"]))
        return _describe(_find(book, order_id))


def opening_hours(day: Day | None = None) -> HoursAnswer:
    """Tell when the shop is open.

    Args:
        day: The day of the week the caller asks about; leave it out for the whole week.
    """
    if day is None:
        return {"day": "the week", "hours": "Monday to Friday from nine to six, Saturday from ten to two"}
    hours = {"Saturday": "from ten to two", "Sunday": "closed"}.get(day, "from nine to six")
    return {"day": day, "hours": hours}


def normalise_order_id(text: str) -> str:
    """Return the order number as the book writes it: `a 1001` and `A-1001` are `A1001`."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def _find(book: sqlite3.Connection, order_id: str) -> sqlite3.Row:
    number = normalise_order_id(order_id)
    row: sqlite3.Row | None = book.execute("SELECT * FROM orders WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise ToolError(f"There is no order with the number {number}.")
    return row


def _describe(order: sqlite3.Row) -> OrderAnswer:
    answer: OrderAnswer = {"order_id": order["id"], "status": STATUS_WORDS[order["status"]]}
    day = date.today() + timedelta(days=order["day"])
    spoken = f"{day:%A}, {day:%B} {day.day}"
    if order["status"] == "delivered":
        answer["delivery"] = f"delivered on {spoken}"
    elif order["status"] != "cancelled":
        answer["delivery"] = f"expected on {spoken}"
    answer["content"] = order["items"]
    return answer


@contextmanager
def _open_book() -> Iterator[sqlite3.Connection]:
    """Open the book for one piece of work: all of it happens, or nothing."""
    time.sleep(int(os.environ.get("HARBOUR_BOOKS_DELAY_MS", "0")) / 1000)
    default = Path(__file__).resolve().parent.parent / "var" / "orders.sqlite3"
    path = Path(os.environ.get("HARBOUR_BOOKS_DB", default))
    path.parent.mkdir(parents=True, exist_ok=True)
    book = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        book.row_factory = sqlite3.Row
        book.execute("BEGIN IMMEDIATE")  # wait for other writers here, not between reading and writing
        with book:
            book.execute(SCHEMA)
            book.executemany("INSERT OR IGNORE INTO orders VALUES (?, ?, ?, ?)", FIRST_ORDERS)
            yield book
    finally:
        book.close()
