from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentrun.errors import ToolError, ToolNotFound
from agentrun.plan import PythonTarget
from agentrun.tools.loading import load_function


@pytest.fixture(autouse=True)
def _same_path() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def project(root: Path, **files: str) -> str:
    """Write files: `tools__orders` is `tools/orders.py`, `tools__package` is `tools/__init__.py`."""
    for name, source in files.items():
        parts = ["__init__" if part == "package" else part for part in name.split("__")]
        path = root.joinpath(*parts).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return str(root)


def load(root: str, module: str = "tools.orders", function: str = "who") -> object:
    return load_function(PythonTarget(module, function, root))()


def test_two_projects_may_use_the_same_module_name(tmp_path: Path) -> None:
    one = project(tmp_path / "one", tools__orders="def who(): return 'one'")
    two = project(tmp_path / "two", tools__orders="def who(): return 'two'")
    assert [load(one), load(two), load(one)] == ["one", "two", "one"]


def test_each_module_runs_once_although_projects_alternate(tmp_path: Path) -> None:
    count = "import itertools\nimport {0}\n{0}.runs = getattr({0}, 'runs', 0) + 1\ndef who(): return {0}.runs"
    sys.modules["counter_of_runs"] = types.ModuleType("counter_of_runs")
    one = project(tmp_path / "one", tools__orders=count.format("counter_of_runs"))
    two = project(tmp_path / "two", tools__orders="def who(): return 0")
    try:
        assert [load(one), load(two), load(one)] == [1, 0, 1]
    finally:
        del sys.modules["counter_of_runs"]


def test_a_package_elsewhere_does_not_win_over_the_projects_plain_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python prefers a package with `__init__.py` anywhere on the path to a folder without one.
    project(tmp_path / "site", tools__package="", tools__orders="def who(): return 'elsewhere'")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    mine = project(tmp_path / "mine", tools__orders="def who(): return 'mine'")
    assert load(mine) == "mine"


def test_a_module_that_was_imported_from_elsewhere_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = types.ModuleType("tools.orders")
    other.__file__ = str(tmp_path / "elsewhere" / "tools" / "orders.py")
    monkeypatch.setitem(sys.modules, "tools", types.ModuleType("tools"))
    monkeypatch.setitem(sys.modules, "tools.orders", other)
    mine = project(tmp_path / "mine", tools__orders="def who(): return 'mine'")
    assert load(mine) == "mine"


def test_a_module_missing_here_is_not_taken_from_another_project(tmp_path: Path) -> None:
    load(project(tmp_path / "one", tools__orders="def who(): return 'one'"))
    two = project(tmp_path / "two", tools__other="def who(): return 'two'")
    with pytest.raises(ToolNotFound, match=r"no module `tools.orders`: looked for .*orders.py"):
        load(two)


def test_absolute_and_relative_imports_inside_a_project(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        tools__package="",
        tools__orders="from .book import NAME\nimport tools.book\nfrom shop import PLACE\n"
        "def who(): return NAME, tools.book.NAME, PLACE",
        tools__book="NAME = 'book'",
        shop="PLACE = 'harbour'",
    )
    assert load(root) == ("book", "book", "harbour")


def test_a_module_of_one_file_in_the_root(tmp_path: Path) -> None:
    root = project(tmp_path, my_single_tool="def who(): return 'single'")
    assert load(root, "my_single_tool") == "single"


def test_a_function_of_an_installed_package(tmp_path: Path) -> None:
    function = load_function(PythonTarget("json", "dumps", str(tmp_path)))
    assert function([1]) == "[1]"


def test_what_a_module_prints_while_it_is_imported_stays_out_of_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(project(tmp_path, tools__orders="print('loading')\ndef who(): return 1"))
    assert capsys.readouterr() == ("", "loading\n")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import a_package_nobody_has", ["orders.py:1", "install the package", "`a_package_nobody_has`"]),
        ("x = 1\nraise RuntimeError('no database')", ["orders.py:2", "RuntimeError: no database"]),
        ("x = 1\n\ndef who(:", ["orders.py:3", "correct the file"]),
        ("raise SystemExit(3)", ["orders.py:1", "SystemExit"]),
        ("from tools.missing import x", ["orders.py:1", "`tools.missing`"]),
    ],
)
def test_a_module_that_does_not_import(tmp_path: Path, source: str, words: list[str]) -> None:
    with pytest.raises(ToolError) as caught:
        load(project(tmp_path, tools__orders=source))
    for word in words:
        assert word in str(caught.value)


def test_a_module_that_was_corrected_imports_the_next_time(tmp_path: Path) -> None:
    root = project(
        tmp_path, tools__package="raise RuntimeError('not yet')", tools__orders="def who(): return 1"
    )
    with pytest.raises(ToolError):
        load(root)
    project(tmp_path, tools__package="# corrected, of another length")
    assert load(root) == 1


def test_a_missing_function_names_the_nearest_one(tmp_path: Path) -> None:
    root = project(tmp_path, tools__orders="def lookup_order(): ...\nname = 1")
    with pytest.raises(
        ToolNotFound, match=r"orders.py has no function `lookup_ordr`; did you mean `lookup_order`"
    ):
        load(root, function="lookup_ordr")
    with pytest.raises(ToolNotFound, match="is not a function"):
        load(root, function="name")


def test_a_missing_module_names_the_nearest_one(tmp_path: Path) -> None:
    root = project(tmp_path, tools__orders="")
    with pytest.raises(ToolNotFound, match=r"did you mean `tools.orders`"):
        load(root, "tools.order")


def test_names_of_python_itself_are_refused(tmp_path: Path) -> None:
    root = project(tmp_path, json="def who(): return 1")
    with pytest.raises(ToolError, match="rename it"):
        load(root, "json")
    root = project(tmp_path / "other", agentrun__mine="def who(): return 1")
    with pytest.raises(ToolError, match="agentrun itself"):
        load(root, "agentrun.mine")
