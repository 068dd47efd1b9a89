"""The examples of the guides are read as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agentrun.engine.faults import load_faults, parse_faults
from agentrun.engine.faults.rules import ACTIONS, MOMENTS
from agentrun.engine.responders.script import parse_script

GUIDES = Path(__file__).parents[3] / "docs/guides"
PAGE = (GUIDES / "engine-faults.md").read_text("utf-8")
EXAMPLES = re.findall(r"^\| [^|`]+ \| `([^`|]+: [^`|]+)` \|$", PAGE, re.M)


def find_blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml other\n(.*?)^```$", page, re.M | re.S)


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_fault_of_the_page_can_be_asked_for(line: str) -> None:
    assert len(parse_faults(line).rules) == 1


def test_the_page_shows_every_action_and_every_moment() -> None:
    rules = [parse_faults(line).rules[0] for line in EXAMPLES]
    assert {type(rule.action) for rule in rules} == {cls for cls, _ in ACTIONS.values()}
    assert {rule.moment for rule in rules} >= set(MOMENTS)


def test_command_lines_and_files_of_the_page_are_read(tmp_path: Path) -> None:
    lines = re.findall(r'--faults "([^"]+)"|"x-agentrun-faults": "([^"]+)"', PAGE)
    assert [len(parse_faults(one or other).rules) for one, other in lines] == [2, 1]
    [block] = find_blocks(PAGE)
    file = tmp_path / "faults.yaml"
    file.write_text(block, "utf-8")
    assert len(load_faults(str(file)).rules) == 4


def test_scripts_of_the_guide_are_read() -> None:
    long, short = find_blocks((GUIDES / "engine-minds.md").read_text("utf-8"))
    assert (len(parse_script(long).steps), len(parse_script(long).answers)) == (4, 2)
    assert len(parse_script(short).steps) == 2
