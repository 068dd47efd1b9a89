"""Colour: what the environment says, then what the stream is."""

from __future__ import annotations

import io

import pytest

from agentrun.cli.terminal import wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "wanted"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, Terminal(), False),
    ],
)
def test_who_decides(environment: dict[str, str], stream: io.StringIO, wanted: bool) -> None:
    assert wants_color(stream, environment) is wanted
