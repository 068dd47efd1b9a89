from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentrun.config import check_paths, load_agent
from tests.config.conftest import Check

Write = Callable[[dict[str, str]], Path]
HEAD = "version: 1\ninstructions: x\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("voice: marine  # agentrun: allow AR303 new this week", []),
        ("voice: marine  # agentrun: allow ar303 new this week", []),
        ("voice: marine  #agentrun:allow AR303 new this week", []),
        ("voice: marine  # agentrun: allow AR303", ["AR130", "AR303"]),
        ("voice: marine  # agentrun: allow AR301 wrong code", ["AR131", "AR303"]),
        ("voice: marine  # agentrun: allow AR999 x", ["AR130", "AR303"]),
        ("voice: marine  # agentrun: ignore AR303 x", ["AR130", "AR303"]),
        ("# agentrun: allow AR303 another line\nvoice: marine", ["AR131", "AR303"]),
        ("voise: marin  # agentrun: allow AR201 I like it", ["AR130", "AR201"]),
        ("budget: {max_usd: 1}  # agentrun: allow AR901 for later", []),
        ("greeting: 'Say # agentrun: allow AR303 x'", []),
        ("greeting: |\n  Say\n  # agentrun: allow AR303 x\n", []),
        ("greeting: Say#agentrun: allow AR303 x", ["AR005"]),
    ],
)
def test_comments(check: Check, text: str, codes: list[str]) -> None:
    assert sorted(f.code for f in check(text)) == codes


def test_the_place_of_a_comment(check: Check) -> None:
    (finding,) = check("voice: marin   # agentrun: allow AR303 한국어 \n")
    assert (finding.span.line, finding.span.column, finding.span.end_column) == (3, 28, 43)


def test_an_allowed_error_does_not_keep_the_agent_from_loading(write: Write) -> None:
    root = write({"a.yaml": HEAD + "voice: marine  # agentrun: allow AR303 new this week\n"})
    voice = load_agent(root / "a.yaml", environment={}).voice
    assert voice is not None
    assert voice.name == "marine"


def test_a_comment_that_one_of_several_agents_needs_is_used(write: Write) -> None:
    base = "turn_detection: {type: server_vad, threshold: 0.5}  # agentrun: allow AR310 no SIP here\n"
    root = write(
        {
            "base.yaml": base,
            "a.yaml": HEAD + "extends: base.yaml\n",
            "b.yaml": HEAD + "extends: base.yaml\nturn_detection: null\n",
        }
    )
    assert check_paths([root], environment={}).findings == ()
    assert [f.code for f in check_paths([root / "b.yaml"], environment={}).findings] == ["AR131"]


def test_comments_in_scenarios(write: Write) -> None:
    turns = "turns: [{hang_up: true}, {user: x, expect: [{ends: {}}]}]  # agentrun: allow AR607 on purpose\n"
    root = write({"a.yaml": HEAD, "s.yaml": "version: 1\nagent: a.yaml\n" + turns})
    assert [f.code for f in check_paths([root / "s.yaml"], environment={}).findings] == ["AR901"]
