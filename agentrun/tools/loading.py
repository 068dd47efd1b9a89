"""Import a tool's module from the project that names it.

A tool `tools.orders:lookup_order` of a project is the file `tools/orders.py` under the project's root, and
nothing else, although `tools` is a name that another project, an installed package or our own repository
may have taken in `sys.modules` or on `sys.path`. Two things make it so:

* The first part of the module name (`tools`) is looked up in the root alone and put into `sys.modules`
  before the ordinary import runs; Python then finds `tools.orders` through that package. From there on all
  is plain Python: absolute and relative imports between the project's modules work, each module runs once,
  and a test that imports `tools.orders` gets the same module.
* If the name is taken from elsewhere, the other modules of that name are set aside first, and come back
  when their project is asked for again. What they defined goes on working. One limit follows: with two
  projects in one process, an `import tools.x` *inside a function* sees the project that was loaded last.

A name that the root does not contain (an installed package) is imported as usual.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
import threading
import traceback
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from agentrun.errors import ToolError, ToolNotFound
from agentrun.plan import PythonTarget
from agentrun.tools.printing import tool_prints

_lock = threading.RLock()
_claimed: dict[str, Path] = {}  # first part of a module name -> the root that has it in `sys.modules` now
_set_aside: dict[tuple[Path, str], dict[str, ModuleType]] = {}


def load_function(target: PythonTarget) -> Callable[..., Any]:
    """Import the function that `target` names, with its project's root on `sys.path`.

    Raises:
        ToolNotFound: there is no such module or function; the message names the file and the nearest name.
        ToolError: the module cannot be imported; the message names file, line and remedy.

    """
    root = Path(target.root).resolve()
    with _lock, tool_prints():
        module = _import_module(root, target)
    function = getattr(module, target.function, None)
    if function is None:
        near = get_close_matches(target.function, [name for name in dir(module) if name[0] != "_"], 1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise ToolNotFound(f"{_place(module)} has no function `{target.function}`{hint}")
    if not callable(function) or isinstance(function, type):
        raise ToolNotFound(f"`{target.function}` in {_place(module)} is not a function")
    return function  # type: ignore[no-any-return]


def _import_module(root: Path, target: PythonTarget) -> ModuleType:
    name = target.module
    top = name.partition(".")[0]
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        _claim(root, top)
        return importlib.import_module(name)
    except ToolError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise ToolNotFound(_missing_module(root, name)) from error
        raise ToolError(_broken_import(root, name, error)) from error
    except (Exception, SystemExit) as error:
        raise ToolError(_broken_import(root, name, error)) from error


def _claim(root: Path, top: str) -> None:
    """Make `sys.modules[top]` the package or module of this root, if the root has one."""
    spec = _find_in_root(root, top)
    if spec is None or (_claimed.get(top) == root and top in sys.modules):
        return
    if top in sys.stdlib_module_names:
        raise ToolError(f"`{root / top}` has the name of a module of Python itself; rename it")
    if not _is_held_by(root, top, spec):
        if top == "agentrun":
            raise ToolError(f"`{root / top}` has the name of agentrun itself; rename it")
        _put_aside(top)
    sys.modules.update(_set_aside.pop((root, top), {}))
    if top not in sys.modules:
        _execute(spec, top)
    if getattr(sys.modules[top], "__file__", None) is None:
        # A folder without `__init__.py`: Python would join to it all folders of that name on `sys.path`.
        sys.modules[top].__path__ = [str(root / top)]
    _claimed[top] = root


def _is_held_by(root: Path, top: str, spec: importlib.machinery.ModuleSpec) -> bool:
    """Tell whether what stands in `sys.modules` under this name, if anything, is the root's own."""
    family = [module for name, module in sys.modules.items() if name == top or name.startswith(top + ".")]
    present = sys.modules.get(top)
    if present is not None and (getattr(present, "__file__", None) is None) != (spec.loader is None):
        return False
    return all(_lives_in(module, root, top) for module in family)


def _execute(spec: importlib.machinery.ModuleSpec, top: str) -> None:
    module = importlib.util.module_from_spec(spec)
    sys.modules[top] = module
    try:
        if spec.loader is not None:
            spec.loader.exec_module(module)
    except BaseException:  # as the import statement does: a module that failed does not stay
        sys.modules.pop(top, None)
        raise


def _find_in_root(root: Path, top: str) -> importlib.machinery.ModuleSpec | None:
    importlib.invalidate_caches()  # the file may be younger than Python's listing of the folder
    return importlib.machinery.PathFinder.find_spec(top, [str(root)])


def _put_aside(top: str) -> None:
    names = [name for name in sys.modules if name == top or name.startswith(top + ".")]
    modules = {name: sys.modules.pop(name) for name in names}
    if owner := _claimed.pop(top, None):
        _set_aside[(owner, top)] = modules


def _lives_in(module: ModuleType, root: Path, top: str) -> bool:
    """Tell whether a module is a file of the root's own `top` (a package without a file is, too)."""
    file = getattr(module, "__file__", None)
    if file is None:
        return True
    path = Path(file).resolve()
    return path.is_relative_to(root / top) or path.with_suffix("") == root / top


def _place(module: ModuleType) -> str:
    return str(getattr(module, "__file__", None) or f"module `{module.__name__}`")


def _missing_module(root: Path, name: str) -> str:
    path = root.joinpath(*name.split("."))
    here = [file.stem for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
    near = get_close_matches(path.name, here, 1)
    hint = f"; did you mean `{name.rpartition('.')[0]}.{near[0]}`?" if near and "." in name else ""
    return f"there is no module `{name}`: looked for {path}.py and among the installed packages{hint}"


def _broken_import(root: Path, name: str, error: BaseException) -> str:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return f"`{name}` cannot be imported: {error.filename}:{error.lineno}: {error.msg}; correct the file"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(root)]
    place = f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
    if isinstance(error, ModuleNotFoundError):
        remedy = f"install the package that provides `{error.name}` beside agentrun, or correct the import"
    else:
        remedy = "correct the module; importing it must not depend on the call"
    return f"`{name}` cannot be imported: {place}{what}; {remedy}"
