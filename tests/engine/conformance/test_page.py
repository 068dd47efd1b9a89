"""The page about the protocol has a row for everything there is."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai.types.realtime import RealtimeSessionCreateRequest, RealtimeTranscriptionSessionCreateRequest
from pydantic import BaseModel

from agentrun.wire import CLIENT_EVENTS, SERVER_EVENTS
from tests.engine.kit import Session
from tests.engine.official import load_types

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "protocol.md"
STATES = {"faithful", "approximated", "absent"}
WHOLE = {"tools", "tool_choice", "prompt.variables"}
"""Fields with a row for all that is in them."""


def read_rows() -> dict[str, list[tuple[str, str, str]]]:
    """Return the rows of the page by heading: part, state, remarks."""
    rows: dict[str, list[tuple[str, str, str]]] = {}
    heading = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[1] != "State" and not set(cells[1]) <= {"-"}:
            part, state, remarks = cells
            rows.setdefault(heading, []).append((part, state, remarks))
    return rows


ROWS = read_rows()


def name_parts(heading: str) -> set[str]:
    """Return what stands in backticks in the first column below a heading."""
    return {name for part, _, _ in ROWS[heading] for name in re.findall(r"`([^`]+)`", part)}


def list_official_fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = prefix + name
        inner = [] if path in WHOLE else list(list_models(field.annotation))
        if path not in {"audio", "audio.input", "audio.output"}:
            yield path
        for one in inner:
            yield from list_official_fields(one, f"{path}.")


def list_models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from list_models(argument)


def test_every_event_has_a_row() -> None:
    assert name_parts("Client events") == set(CLIENT_EVENTS)
    assert name_parts("Server events") == set(SERVER_EVENTS) | set(load_types())


@pytest.mark.parametrize("model", [RealtimeSessionCreateRequest, RealtimeTranscriptionSessionCreateRequest])
def test_every_official_field_of_a_session_has_a_row(model: type[BaseModel]) -> None:
    assert set(list_official_fields(model)) <= name_parts("Session fields")


def test_every_field_that_a_session_shows_has_a_row() -> None:
    def flatten(value: dict[str, Any], prefix: str = "") -> Iterator[str]:
        for key, member in value.items():
            if isinstance(member, dict):
                yield from flatten(member, f"{prefix}{key}.")
            else:
                yield prefix + key

    shown = set(flatten(Session().events[0]["session"]))
    assert shown <= name_parts("Session fields")


def test_every_row_has_a_state_and_what_is_not_faithful_says_why() -> None:
    for rows in ROWS.values():
        for part, state, remarks in rows:
            assert state in STATES, part
            assert remarks or state == "faithful", part


def test_no_part_has_two_rows() -> None:
    for heading, rows in ROWS.items():
        parts = [part for part, _, _ in rows]
        assert len(parts) == len(set(parts)), heading
