"""README and docs say what is true: examples validate, commands exist, links lead somewhere.

The word after `yaml` in a code block says what the block is:

* nothing: a whole agent file, which must validate without errors;
* `part`: keys of an agent file, merged into a minimal agent before that;
* `tools`: a list of tools, as in `use: …`;
* `bad CODE`: a part that must yield that finding;
* `other`: not an agent file; it must be YAML.

A `python` or `markdown` block with a path is a file of the same page's project.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from agentrun.cli import app
from agentrun.config import check_paths
from docs.generate import render_pages

ROOT = Path(__file__).parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]
# Its examples are parts of the registry, and tests/diagnostics/test_codes.py checks each of them.
CHECKED_ELSEWHERE = ROOT / "docs/reference/diagnostics.md"

_BLOCK = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.M | re.S)
_BETWEEN_COMMANDS = re.compile(r"""(?:&&|\|\||\||;)(?=(?:[^"]*"[^"]*")*[^"]*$)""")  # not within quotes
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEAD = {"version": "version: 1\n", "instructions": "instructions: Help the caller.\n"}


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: the words after the fence, the text, and where it begins."""

    page: Path
    line: int
    info: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def find_blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            page, text.count("\n", 0, found.start()) + 1, found[2].strip(), _dedent(found[3], len(found[1]))
        )
        for found in _BLOCK.finditer(text)
    ]


def _dedent(text: str, spaces: int) -> str:
    return "".join(line[spaces:] if line.strip() else line for line in text.splitlines(keepends=True))


BLOCKS = [block for page in PAGES for block in find_blocks(page)]
YAML_BLOCKS = [
    block for block in BLOCKS if block.info.split()[:1] == ["yaml"] and block.page != CHECKED_ELSEWHERE
]


def make_project(block: Block, folder: Path) -> Path:
    """Lay out the repository's examples and the files of the page; return the folder of agents."""
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "agents", folder / "agents")
    (folder / "pyproject.toml").touch()
    for other in find_blocks(block.page):
        kind, _, name = other.info.partition(" ")
        if kind in ("python", "markdown") and name:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(other.text, "utf-8")
    return folder / "agents"


def complete(text: str) -> str:
    """Put the keys that every agent needs before a part of an agent file."""
    return "".join(line for key, line in _HEAD.items() if not re.search(rf"^{key}:", text, re.M)) + text


def find_errors(file: Path) -> list[str]:
    findings = check_paths([str(file)], environment={}).findings
    return [f"{one.span.line}: {one.code} {one.message}" for one in findings if one.severity == "error"]


@pytest.mark.parametrize("block", YAML_BLOCKS, ids=str)
def test_yaml_block_is_what_it_says(block: Block, tmp_path: Path) -> None:
    agents = make_project(block, tmp_path)
    file = agents / "from-the-page.yaml"
    match block.info.split():
        case ["yaml"]:
            file.write_text(block.text, "utf-8")
            assert find_errors(file) == []
        case ["yaml", "part"]:
            file.write_text(complete(block.text), "utf-8")
            assert find_errors(file) == []
        case ["yaml", "tools"]:
            (agents / "list.yaml").write_text(block.text, "utf-8")
            file.write_text(complete("tools: [use: list.yaml]\n"), "utf-8")
            assert find_errors(file) == []
        case ["yaml", "bad", code]:
            file.write_text(complete(block.text), "utf-8")
            assert code in {finding.code for finding in check_paths([str(file)], environment={}).findings}
        case ["yaml", "other"]:
            assert yaml.safe_load(block.text) is not None
        case _:
            pytest.fail(f"{block}: unknown kind of block: {block.info}")


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.info.split()[:1] == ["python"]], ids=str
)
def test_python_block_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


CONVERSATIONS = [block for block in BLOCKS if re.match(r"\$ printf '[^\n]*\| agentrun simulate", block.text)]


@pytest.mark.slow
@pytest.mark.parametrize("block", CONVERSATIONS, ids=str)
def test_conversation_is_printed_as_shown(block: Block, tmp_path: Path) -> None:
    command, _, shown = block.text.partition("\n")
    found = re.fullmatch(r"\$ printf '(.*)' \| agentrun (simulate \S+)", command)
    assert found
    done = subprocess.run(
        [sys.executable, "-m", "agentrun", *found[2].split()],
        cwd=ROOT,
        input=found[1].replace("\\n", "\n"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "HARBOUR_BOOKS_DB": str(tmp_path / "orders.sqlite3"), "PYTHONUTF8": "1"},
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    day = re.compile(r"\w+day, \w+ \d{1,2}")  # the example counts from today
    assert day.sub("DAY", done.stdout) == day.sub("DAY", shown)


def test_a_conversation_is_shown() -> None:
    assert ROOT / "README.md" in {block.page for block in CONVERSATIONS}


def find_commands(block: Block) -> Iterator[str]:
    """Yield the calls of agentrun in a block of shell commands."""
    if block.info.split()[:1] not in (["sh"], ["console"], ["powershell"]):
        return
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        if block.info == "console" and not line.startswith("$ "):
            continue
        for part in _BETWEEN_COMMANDS.split(line.removeprefix("$ ").split(" # ")[0]):
            if found := re.search(r"(?:^|[\s/\\])agentrun\s+(.*)", part):
                yield found[1]


COMMANDS = [
    pytest.param(command, id=f"{block} {command}") for block in BLOCKS for command in find_commands(block)
]
INLINE = sorted(
    {
        (page.relative_to(ROOT).as_posix(), command)
        for page in PAGES
        if page not in (CHECKED_ELSEWHERE, ROOT / "docs/not-yet.md")
        for command in re.findall(r"`agentrun ([a-z][^`]*)`", page.read_text("utf-8"))
    }
)


def parse_command(line: str) -> None:
    """Parse a command line without running it; an unknown command or option raises."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    words = [word for word in shlex.split(line) if not re.match(r"\d?[<>]", word)]
    name, *rest = words
    command = group.commands[name]
    if rest not in ([], ["--help"]):
        command.make_context(name, [word for word in rest if word != "…"])


@pytest.mark.parametrize("command", COMMANDS)
def test_command_in_a_block_parses(command: str) -> None:
    parse_command(command)


@pytest.mark.parametrize(("page", "command"), INLINE)
def test_command_in_the_text_exists(page: str, command: str) -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    name, *rest = command.split()
    assert name in group.commands, page
    options = {option for parameter in group.commands[name].params for option in parameter.opts}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= options | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = _BLOCK.sub("", page.read_text("utf-8"))
    broken = []
    for link in _LINK.findall(text):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in find_anchors(target)):
            broken.append(link)
    assert broken == []


def find_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", page.read_text("utf-8")), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", sorted(render_pages()))
def test_generated_page_is_fresh(name: str) -> None:
    file = ROOT / "docs" / name
    assert file.read_text("utf-8") == render_pages()[name], "run `make docs`"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md" or not page.is_file():
            continue
        seen.add(page)
        links = [link.partition("#")[0] for link in _LINK.findall(page.read_text("utf-8"))]
        todo += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page not in seen] == []


def test_paths_in_the_text_exist() -> None:
    """A file or folder of the package or the tests that a page names in backticks is really there."""
    pattern = re.compile(r"`((?:agentrun|tests|docs)/[\w./-]*)`")
    wrong = [
        f"{page.relative_to(ROOT).as_posix()}: {name}"
        for page in PAGES
        for name in pattern.findall(_BLOCK.sub("", page.read_text("utf-8")))
        if not (ROOT / name).exists()
    ]
    assert wrong == []
