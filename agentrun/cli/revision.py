"""A file as it stands in a git revision, with the whole project round it, in a folder that goes away."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentrun.errors import AgentrunError

_LIMIT_S = 60


@contextmanager
def open_other(other: str, agent: Path) -> Iterator[Path]:
    """Yield the path of what an agent is compared with.

    Args:
        other: a file, `REVISION` (the same file there) or `REVISION:PATH` (from the top of the repository,
            or from here with `./`, as git has it).
        agent: the file that is compared; its repository is asked.

    Raises:
        AgentrunError: it is neither a file nor something that git knows.

    """
    if Path(other).is_file():
        yield Path(other)
        return
    revision, _, name = other.partition(":")
    top, commit = _resolve(other, revision, agent)
    with tempfile.TemporaryDirectory(prefix="agentrun-") as folder:
        here = Path(folder, "project").resolve()
        _check_out(top, commit, here)
        path = here / _place_in(top, name, agent)
        if not path.is_file():
            raise AgentrunError(f"`{revision}` has no file `{path.relative_to(here).as_posix()}`")
        yield path


def _resolve(other: str, revision: str, agent: Path) -> tuple[Path, str]:
    folder = agent.resolve().parent
    try:
        top = Path(_run_git(folder, "rev-parse", "--show-toplevel").strip())
        question = f"{revision}^{{commit}}"
        commit = _run_git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", question).strip()
    except (OSError, subprocess.SubprocessError):
        reason = "there is no such file, and git knows no such revision"
        raise AgentrunError(f"`{other}` cannot be compared with: {reason}") from None
    return top, commit


def _place_in(top: Path, name: str, agent: Path) -> Path:
    if not name:
        return agent.resolve().relative_to(top.resolve())
    if name.startswith(("./", "../")):
        return Path(os.path.relpath(Path(name).resolve(), top.resolve()))
    return Path(name)


def _check_out(top: Path, commit: str, here: Path) -> None:
    # The mark of a project's root, which the revision itself does not contain.
    (here / ".git").mkdir(parents=True)
    index = {"GIT_INDEX_FILE": str(here.parent / "index"), "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        _run_git(top, "read-tree", commit, environment=index)
        _run_git(top, "checkout-index", "--all", "--quiet", f"--prefix={here}/", environment=index)
    except (OSError, subprocess.SubprocessError) as error:
        raise AgentrunError(f"git cannot lay out `{commit}`: {error}") from error


def _run_git(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=_LIMIT_S,
        check=True,
    )
    return done.stdout
