"""Reading files: the only module of this package that touches the disk.

Files are known by the path that a user would type (`shown`): the path given on the command line, and for
included files the path of the naming file joined with the name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from agentrun.config.suggest import find_near
from agentrun.config.yamlfile import MAX_CHARACTERS
from agentrun.diagnostics import Diagnostic, Span, diagnose

MAX_FILES = 64
_LONGEST_PATH = 1000  # following a path takes the square of its length
_ROOT_MARKS = ("pyproject.toml", ".git")
_DOTENV_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class SourceError(Exception):
    """A file cannot be used; carries the finding."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Sources:
    """The files of one agent.

    Attributes:
        root: the project root, absolute.
        texts: what was read so far, by shown path.

    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[str, str] = {}

    def resolve(self, name: str, near: Span) -> str:
        """Return the shown path of a file that a value at `near` names.

        Raises:
            SourceError: the path leaves the project root, or is too long for any file.

        """
        if len(name) > _LONGEST_PATH:
            raise SourceError(diagnose("AR001", f"the path `{name}` is too long for a file", near))
        shown = os.path.normpath(os.path.join(os.path.dirname(near.file), name))
        if not Path(shown).resolve().is_relative_to(self.root):
            hint = f"the project root is {self.root}"
            raise SourceError(diagnose("AR120", f"`{name}` leaves the project", near, hint=hint))
        return shown

    def read(self, shown: str, near: Span | None = None) -> str:
        """Return the text of a file.

        Args:
            shown: its path.
            near: the value that names it, or None if the user did.

        Raises:
            SourceError: it cannot be read, is not UTF-8, is too large, or is one too many.

        """
        if shown in self.texts:
            return self.texts[shown]
        if len(self.texts) >= MAX_FILES:
            message = f"an agent may consist of {MAX_FILES} files at most"
            raise SourceError(diagnose("AR004", message, near or _start(shown)))
        text = _decode(_read_bytes(shown, near), shown)
        self.texts[shown] = text
        return text


class Projects:
    """Project roots and what lies in them, each looked up once in a run."""

    def __init__(self) -> None:
        self._roots: dict[str, Path] = {}
        self._dotenvs: dict[Path, tuple[dict[str, str], list[Diagnostic]]] = {}

    def find_root(self, path: str) -> Path:
        """Return the project root of a file; files of one folder share it, except through a link."""
        if os.path.islink(path):
            return find_root(path)
        folder = os.path.dirname(path)
        if folder not in self._roots:
            self._roots[folder] = find_root(path)
        return self._roots[folder]

    def read_dotenv(self, root: Path) -> tuple[Mapping[str, str], list[Diagnostic]]:
        """Return the variables of `.env` in a root, and the lines that could not be read."""
        if root not in self._dotenvs:
            self._dotenvs[root] = read_dotenv(root)
        values, findings = self._dotenvs[root]
        return values, list(findings)


def find_root(path: str) -> Path:
    """Return the project root of a file: the nearest parent with a mark of a project, else its folder."""
    folder = Path(path).resolve().parent
    for parent in (folder, *folder.parents):
        if any((parent / mark).exists() for mark in _ROOT_MARKS):
            return parent
    return folder


def read_dotenv(root: Path) -> tuple[dict[str, str], list[Diagnostic]]:
    """Return the variables of `.env` in the project root, and the lines that could not be read."""
    path = root / ".env"
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}, []
    except (OSError, UnicodeDecodeError) as error:
        return {}, [diagnose("AR107", f"`.env` cannot be read: {_reason(error)}", _start(str(path)))]
    return parse_dotenv(text, str(path))


def parse_dotenv(text: str, file: str) -> tuple[dict[str, str], list[Diagnostic]]:
    """Return the variables in the text of a `.env` file, and what could not be read."""
    values: dict[str, str] = {}
    findings: list[Diagnostic] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _DOTENV_LINE.fullmatch(line)
        if match is None:
            span = Span(file, number, 1, number, len(raw) + 1)
            findings.append(diagnose("AR107", "this line is not `NAME=value`", span, hint="it is ignored"))
        else:
            values[match[1]] = _unquote(match[2])
    return values, findings


def _unquote(value: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1\s*(?:#.*)?$""", value)
    return quoted[2] if quoted else re.split(r"\s+#", value, maxsplit=1)[0].strip()


def overlay(dotenv: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return both together; the real environment wins."""
    return {**dotenv, **environment}


def _read_bytes(shown: str, near: Span | None) -> bytes:
    if near is not None and os.path.exists(shown) and not os.path.isfile(shown) and not os.path.isdir(shown):
        # A pipe or a device would be waited for, perhaps for ever.
        raise SourceError(diagnose("AR001", f"`{shown}` cannot be read: it is no ordinary file", near))
    try:
        # One byte for each character at least: a longer file cannot be within the limit of characters.
        with open(shown, "rb") as file:
            return file.read(4 * MAX_CHARACTERS + 1)
    except (OSError, ValueError) as error:
        message = f"`{shown}` cannot be read: {_reason(error)}"
        hint = suggest_file(shown, near) if near else ""
        raise SourceError(diagnose("AR001", message, near or _start(shown), hint=hint)) from None


def suggest_file(shown: str, near: Span) -> str:
    """Return a hint about a file that is missing: the nearest name in its folder, or how paths are meant.

    Args:
        shown: the path of the file.
        near: the value that names it.

    """
    folder, name = os.path.split(shown)
    if not os.path.exists(shown) and os.path.isdir(folder or "."):
        others = sorted({*os.listdir(folder or ".")} - {os.path.basename(near.file)})
        if found := find_near(name, others, 0.7):
            return f"did you mean `{found[0]}`? The path is relative to the file that names it"
    return "the path is relative to the file that names it"


def _decode(raw: bytes, shown: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        span = Span(shown, line, 1, line, 2)
        raise SourceError(diagnose("AR002", "the file is not UTF-8", span, hint="save it as UTF-8")) from None
    if len(text) > MAX_CHARACTERS:
        raise SourceError(diagnose("AR004", "the file is larger than 1 MiB", _start(shown)))
    return text


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "it is a folder"
        case PermissionError():
            return "reading is not permitted"
        case OSError(strerror=str(reason)):
            return reason.lower()
        case UnicodeDecodeError():
            return "it is not UTF-8"
    return str(error)


def _start(shown: str) -> Span:
    return Span(shown, 1, 1, 1, 2)
