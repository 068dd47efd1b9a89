"""Ids look like the service's and come from the seed alone."""

from __future__ import annotations

import re
from typing import Literal, get_args

import pytest

from agentrun.engine.ids import IdKind, Ids


@pytest.mark.parametrize("kind", get_args(IdKind))
def test_formats(kind: Literal["item", "call"]) -> None:
    length = 16 if kind == "call" else 21
    ids = Ids(1)
    made = {ids.make(kind) for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(rf"{kind}_[A-Za-z0-9]{{{length}}}", one) for one in made)


def test_seed_decides() -> None:
    assert [Ids(1).make("item"), Ids(1).make_padding()] == [Ids(1).make("item"), Ids(1).make_padding()]
    assert Ids(1).make("item") != Ids(2).make("item")


def test_padding_has_different_lengths() -> None:
    ids = Ids(1)
    assert len({len(ids.make_padding()) for _ in range(200)}) > 5
