"""From what a user names on the command line to the agent files in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["agent", "scenario", "other"]

_SUFFIXES = (".yaml", ".yml")
_SKIPPED_FOLDERS = ("node_modules", "__pycache__", "venv")
_TOP_KEY = re.compile(r"""^["']?([A-Za-z_][\w-]*)["']?[ \t]*:""", re.MULTILINE)
_SCENARIO_KEYS = frozenset({"turns", "agent", "mocks", "persona", "faults"})
_AGENT_KEYS = frozenset(
    {"instructions", "extends", "greeting", "voice", "turn_detection", "transcription", "handoffs", "tools"}
)


def name_plainly(path: str) -> str:
    """Return a path without detours (`a/../b`, `./b`), so that one file has one name in all findings.

    A detour behind a link may lead elsewhere; such a path stays as it is.
    """
    plain = os.path.normpath(path)
    return plain if os.path.realpath(plain) == os.path.realpath(path) else path


def find_yaml_files(folder: str) -> Iterator[str]:
    """Yield the YAML files below a folder in a stable order, without hidden ones, pipes and devices."""
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED_FOLDERS)
        for file in sorted(files):
            path = os.path.join(base, file).removeprefix(os.path.join(os.curdir, ""))
            if file.endswith(_SUFFIXES) and not file.startswith(".") and _is_readable(path):
                yield path


def _is_readable(path: str) -> bool:
    """Whether reading cannot wait for ever; a link that leads nowhere is read, which gives the finding."""
    return os.path.isfile(path) or not os.path.exists(path)


def find_kind(path: str) -> Kind:
    """Return what a file found in a folder is meant to be.

    The text is searched for top-level keys and not parsed, because files with broken YAML count too.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return "agent"  # reading it for real gives the finding
    keys = _find_top_keys(text)
    if _is_scenario(keys):
        return "scenario"
    is_agent = (
        bool({*_AGENT_KEYS, "model"} & keys)
        or "version" in keys
        or not text.strip()
        or text.lstrip().startswith("{")
    )
    return "agent" if is_agent else "other"


def is_scenario_file(path: str) -> bool:
    """Return whether a file is meant to be a scenario, by its top-level keys."""
    return find_kind(path) == "scenario"


def _find_top_keys(text: str) -> set[str]:
    return set(_TOP_KEY.findall(text.removeprefix("\ufeff")))


def _is_scenario(keys: set[str]) -> bool:
    """A scenario names its agent, or has turns; `model` and `variables` belong to both kinds of files."""
    return bool(_SCENARIO_KEYS & keys) and not _AGENT_KEYS & keys


def is_complete(text: str) -> bool:
    """Return whether a file that others extend is an agent by itself, too."""
    keys = set(_TOP_KEY.findall(text))
    return {"version", "instructions"} <= keys


def make_name(path: str) -> str:
    """Return the name of an agent whose file gives none: the file's stem, made to fit."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", Path(path).stem.lower()).strip("-_")
    return slug[:63] or "agent"
