"""Reading what operators write for the engine: files and values, with errors that name the place.

Files are YAML, and so JSON as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from agentrun.errors import AgentrunError

MAX_FILE_BYTES = 4 * 1024 * 1024

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?")
_MS = {"ms": 1, None: 1, "s": 1000, "m": 60_000}


class WrittenError(AgentrunError):
    """A file or a value for the engine is wrong; the message names the place and what is expected there."""


def load_text(path: Path) -> str:
    """Read a file.

    Raises:
        WrittenError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise WrittenError(f"{path}: it is larger than {MAX_FILE_BYTES} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise WrittenError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise WrittenError(f"{path}: it is not UTF-8") from error


def parse_yaml(text: str) -> Any:
    """Return the value of a YAML text.

    Raises:
        WrittenError: it is not YAML.

    """
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        problem = (
            getattr(error, "problem", None) or "it nests too deeply, or holds a value that nobody can read"
        )
        raise WrittenError(f"{place}not YAML: {problem}") from error


def parse_duration_ms(value: object, path: str) -> int:
    """Return milliseconds: `500`, `500ms`, `2s`, `1.5s`, `1m`.

    Raises:
        WrittenError: it is no duration.

    """
    written = str(value).strip() if not isinstance(value, bool) else ""
    found = _DURATION.fullmatch(written)
    if found is None:
        raise WrittenError(f"{path}: expected a duration such as 500ms or 2s, found `{value}`")
    return round(float(found[1]) * _MS[found[2]])


def check_mapping(value: object, path: str, known: Collection[str]) -> dict[str, Any]:
    """Return a mapping with known keys only.

    Raises:
        WrittenError: it is none, or has others.

    """
    if not isinstance(value, dict):
        raise WrittenError(f"{path}: expected a mapping with {_join(known)}, found {_name(value)}")
    for key in value:
        if key not in known:
            raise WrittenError(f"{path}: `{key}` is not one of {_join(known)}")
    return value


def check_list(value: object, path: str) -> list[Any]:
    """Return a list; raises WrittenError."""
    if not isinstance(value, list):
        raise WrittenError(f"{path}: expected a list, found {_name(value)}")
    return value


def check_text(value: object, path: str) -> str:
    """Return a text; raises WrittenError."""
    if not isinstance(value, str):
        raise WrittenError(f"{path}: expected a text, found {_name(value)}")
    return value


def check_whole(value: object, path: str, least: int, most: int) -> int:
    """Return a whole number between two bounds; raises WrittenError."""
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise WrittenError(f"{path}: expected a whole number from {least} to {most}, found `{value}`")
    return value


def _join(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _name(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    return f"`{value}`"
