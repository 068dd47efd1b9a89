"""Output items by themselves."""

from __future__ import annotations

import pytest

from agentrun.engine.history import History
from agentrun.engine.ids import Ids
from agentrun.engine.outbox import Outbox
from agentrun.engine.parts import FunctionCallItem, Place
from agentrun.engine.seams import Call


@pytest.mark.parametrize(("budget_tokens", "complete"), [(7, True), (6, False), (0, False)])
def test_call_whose_arguments_do_not_fit_is_never_complete(budget_tokens: float, complete: bool) -> None:
    place = Place("resp_1", 0, Outbox(Ids(1)), History(), budget_tokens)
    item = FunctionCallItem(place, Call("book", {"seat": "12a", "x": 1}))  # 4 and 23 bytes
    item.open()
    assert (item.complete, item.exhausted) == (complete, not complete)
    assert item.tokens.text <= max(budget_tokens, 1)  # its name is always there
