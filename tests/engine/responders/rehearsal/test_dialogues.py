"""Every conversation in `dialogues/` goes as it is written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentrun.engine.responders.rehearsal import RehearsalResponder
from tests.engine.responders.rehearsal.notation import Script, Stage, parse_scripts

_FOLDER = Path(__file__).parent / "dialogues"
SCRIPTS = [
    pytest.param(script, id=f"{path.stem}: {script.title}")
    for path in sorted(_FOLDER.glob("*.txt"))
    for script in parse_scripts(path.read_text("utf-8"))
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_conversation_goes_as_written(script: Script) -> None:
    check_script(script)


def check_script(script: Script) -> None:
    stage = Stage(script, RehearsalResponder())
    for turn in script.turns:
        calls, words = stage.play(turn)
        assert calls == turn.calls, f"{turn.said!r} was answered {words!r}"
        for sign, expected in turn.words:
            match sign:
                case "<":
                    assert words == expected
                case "~":
                    assert expected in words
                case _:
                    assert expected not in words
