"""Checks of Python tools by reading their files with `ast`; no code of the user runs here."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path as FilePath

from agentrun.config.checks.case import AgentCase
from agentrun.config.checks.tools import parameter_names
from agentrun.config.nodes import Path, YamlMap, YamlScalar, find_list, find_text
from agentrun.config.suggest import find_near
from agentrun.diagnostics import Diagnostic, diagnose

_TYPES_OF_HINTS = {
    "str": ("string",),
    "int": ("integer",),
    "float": ("number", "integer"),
    "bool": ("boolean",),
    "list": ("array",),
    "dict": ("object",),
}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_python_tools(case: AgentCase) -> Iterator[Diagnostic]:
    """The module exists, defines the function, and takes the declared parameters."""
    for path, tool in case.tools():
        target = find_text(tool, "python")
        if target is None or ":" not in str(target.value):
            continue
        module = str(target.value).partition(":")[0]
        file = find_module(case.root, module)
        if file is None:
            yield _missing_module(case, module, target, path)
        else:
            yield from _check_function(case, file, tool, target, path)


def find_module(root: FilePath, module: str) -> FilePath | None:
    """Return the file of a module, under the project root or installed; nothing is imported."""
    first, *rest = module.split(".")
    folders = [root]
    # `os.path` calls a name that is too long for the system missing; `Path` raises.
    if not os.path.isdir(root / first) and not os.path.isfile(root / f"{first}.py"):
        # PathFinder looks for files only; a top-level name needs no parent package to be imported.
        spec = PathFinder.find_spec(first)
        if spec is not None and spec.origin and not rest:
            return FilePath(spec.origin)
        folders = (
            [FilePath(place).parent for place in (spec.submodule_search_locations or ())] if spec else []
        )
    for folder in folders:
        base = folder.joinpath(first, *rest)
        for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if os.path.isfile(candidate):
                return candidate
    return None


def read_arguments(root: FilePath, target: str) -> list[str] | None:
    """Return the arguments that a function takes by name, or None if that cannot be read."""
    module, _, name = target.partition(":")
    file = find_module(root, module)
    try:
        names = _read_names(file) if file else {}
    except (SyntaxError, ValueError, OSError):
        return None
    function = names.get(name)
    return _read_signature(function)[0] if isinstance(function, _Function) else None


def _missing_module(case: AgentCase, module: str, target: YamlScalar, path: Path) -> Diagnostic:
    wanted = FilePath(*module.split(".")).as_posix() + ".py"
    folder = (case.root / wanted).parent
    siblings = sorted(file.stem for file in folder.glob("*.py")) if os.path.isdir(folder) else []
    near = find_near(module.rpartition(".")[2], siblings)
    package = module.rpartition(".")[0]
    guess = f"{package}.{near[0]}" if near and package else (near[0] if near else "")
    hint = f"did you mean `{guess}`?" if guess else f"looked for {wanted} in {case.root}"
    message = f"there is no module `{module}`: {wanted} does not exist"
    return diagnose("AR404", message, target.span, hint=hint, path=(*path, "python"))


def _check_function(
    case: AgentCase, file: FilePath, tool: YamlMap, target: YamlScalar, path: Path
) -> Iterator[Diagnostic]:
    shown = file.relative_to(case.root).as_posix() if file.is_relative_to(case.root) else str(file)
    name, place = str(target.value).partition(":")[2], (*path, "python")
    try:
        names = _read_names(file)
    except (SyntaxError, ValueError, OSError) as error:
        where = f"{shown}:{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else shown
        message = f"{where} is not valid Python"
        yield diagnose("AR404", message, target.span, hint=str(getattr(error, "msg", error)), path=place)
        return
    if name not in names and "*" not in names:
        functions = [known for known, node in names.items() if isinstance(node, _Function)]
        near = find_near(name, functions)
        listed = ", ".join(f"`{function}`" for function in functions if not function.startswith("_"))
        hint = f"did you mean `{near[0]}`?" if near else f"it defines {listed or 'no function'}"
        yield diagnose("AR405", f"{shown} defines no function `{name}`", target.span, hint=hint, path=place)
    elif isinstance(function := names.get(name), _Function) and "parameters" in tool.entries:
        yield from _check_signature(function, shown, tool, path)


def _read_names(file: FilePath) -> Mapping[str, ast.stmt]:
    """Return what a module binds at its top level.

    Raises:
        SyntaxError, ValueError, OSError: the file is not Python, or cannot be read.

    """
    return _parse_names(file.read_bytes())


@lru_cache(maxsize=256)
def _parse_names(source: bytes) -> Mapping[str, ast.stmt]:
    """Parse one text once, however many tools and agents name it."""
    return dict(_find_names(ast.parse(source)))


def _find_names(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Yield every name that the module binds at its top level, also under `if` and `try`."""
    for node in ast.walk(ast.Module([s for s in tree.body if isinstance(s, ast.If | ast.Try)], [])):
        if isinstance(node, _Function | ast.Import | ast.ImportFrom | ast.Assign):
            yield from _bound(node)
    for node in tree.body:
        yield from _bound(node)


def _bound(node: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, node
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name.partition(".")[0], node) for alias in names)
        case ast.Assign(targets=targets):
            yield from ((target.id, node) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name, node


def _check_signature(function: _Function, shown: str, tool: YamlMap, path: Path) -> Iterator[Diagnostic]:
    declared, place = parameter_names(tool), (*path, "parameters")
    accepted, needed = _read_signature(function)
    where = f"`{function.name}` in {shown}:{function.lineno}"
    for name, key in declared.items():
        if accepted is not None and name not in accepted:
            near = find_near(name, accepted)
            hint = (
                f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(accepted) or 'no arguments'}"
            )
            yield diagnose(
                "AR406", f"{where} takes no `{name}`", key, hint=hint, path=(*place, "properties", name)
            )
        yield from _check_type(function, name, tool, (*place, "properties", name))
    required = find_list(tool, "parameters", "required")
    promised = {item.value for item in (required.items if required else ()) if isinstance(item, YamlScalar)}
    for name in needed:
        if name not in declared:
            message = f"{where} needs `{name}`, which `parameters` does not declare"
            yield diagnose("AR406", message, tool.entries["parameters"].key, path=place)
        elif name not in promised:
            message = f"{where} needs `{name}`, which `parameters` does not require"
            hint = f"add `{name}` to `required`, or give the argument a default"
            yield diagnose("AR406", message, declared[name], hint=hint, path=place, severity="warning")


def _check_type(function: _Function, name: str, tool: YamlMap, path: Path) -> Iterator[Diagnostic]:
    """A declared type that the annotation contradicts outright; anything but a plain name is let be."""
    spec = function.args
    argument = next((a for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs) if a.arg == name), None)
    declared = find_text(tool, "parameters", "properties", name, "type")
    annotation = argument.annotation if argument else None
    if declared is None or not isinstance(annotation, ast.Name) or annotation.id not in _TYPES_OF_HINTS:
        return
    fitting = _TYPES_OF_HINTS[annotation.id]
    if declared.value not in fitting:
        message = f"`{name}` is a `{declared.value}` here and `{annotation.id}` in `{function.name}`"
        hint = f"write `type: {fitting[0]}`, or leave `parameters` out"
        yield diagnose("AR406", message, declared.span, hint=hint, path=(*path, "type"))


def _read_signature(function: _Function) -> tuple[list[str] | None, list[str]]:
    """Return the arguments that can be given by name (None if any can) and those without a default."""
    spec = function.args
    positional = [*spec.posonlyargs, *spec.args]
    first_default = len(positional) - len(spec.defaults)
    needed = [arg.arg for index, arg in enumerate(positional) if index < first_default and not _is_call(arg)]
    needed += [
        arg.arg
        for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if default is None and not _is_call(arg)
    ]
    accepted = [arg.arg for arg in (*positional, *spec.kwonlyargs) if not _is_call(arg)]
    return (None if spec.kwarg else accepted), needed


def _is_call(argument: ast.arg) -> bool:
    """Return whether the argument receives the call (`agentrun.Call`) and not a value of the model."""
    if argument.annotation is None:
        return False
    return ast.unparse(argument.annotation).strip("'\"").rpartition(".")[2] == "Call"
