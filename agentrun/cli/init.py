"""`agentrun init`: a small project that is green offline at once.

The files are templates in `agentrun/scaffold/`, one for one, and nothing in them is filled in; the schema for
editors is made by this version. A template has a suffix of its own, so that no tool takes it for a part of
this project, and stands in for a name that begins with a dot.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".template"
_DOTTED = ("gitignore", "github")
SCHEMA_FILE = "agent.schema.json"


def init_command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where to put it; made if need be.")
    ] = Path(),
) -> None:
    """Make a small project: an agent with tools, a prompt, a CI workflow, a schema for editors.

    It validates and holds a conversation at once, without a key. Nothing is overwritten: if one of the files
    is there already, none is written and the command leaves with 2.

    Example: agentrun init cafe
    """
    files = render_project()
    taken = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if taken:
        typer.echo(f"agentrun: nothing written, because `{folder}` has {_list(taken)} already", err=True)
        typer.echo("  hint: choose another folder, for example `agentrun init my-agents`", err=True)
        raise typer.Exit(Exit.USAGE)
    try:
        _write(folder, files)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        typer.echo(f"agentrun: `{error.filename or folder}` cannot be written: {reason}", err=True)
        raise typer.Exit(Exit.USAGE) from None
    for name in files:
        typer.echo(folder / name)
    typer.echo(_describe_next(folder), err=True)


def render_project() -> dict[str, str]:
    """Return the text of every file of a new project by its path, in a stable order."""
    import json

    from agentrun.config import build_agent_schema

    files = dict(_find_templates(resources.files("agentrun") / "scaffold"))
    files[SCHEMA_FILE] = json.dumps(build_agent_schema(), ensure_ascii=False, indent=2) + "\n"
    return dict(sorted(files.items()))


def _find_templates(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = f".{entry.name}" if entry.name.removesuffix(_SUFFIX) in _DOTTED else entry.name
        if entry.is_dir():
            yield from _find_templates(entry, f"{path}{name}/")
        elif name.endswith(_SUFFIX):
            yield path + name.removesuffix(_SUFFIX), entry.read_text("utf-8")


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)


def _list(names: list[str]) -> str:
    shown = [f"`{name}`" for name in names[:3]]
    more = f" and {len(names) - 3} more of its files" if len(names) > 3 else ""
    return ", ".join(shown) + more


def _describe_next(folder: Path) -> str:
    steps = [
        "agentrun validate agents/",
        "agentrun simulate agents/desk.yaml",
        "agentrun serve agents/desk.yaml",
    ]
    if folder.resolve() != Path.cwd():
        steps.insert(0, f"cd {folder}")
    return "\nnext:\n" + "\n".join(f"  {step}" for step in steps)
