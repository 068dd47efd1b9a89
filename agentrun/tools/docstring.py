"""Read a docstring: the text for the model, and one line for each parameter.

Three styles are understood: Google (`Args:`), NumPy (`Parameters` over dashes) and Sphinx (`:param x:`).
The text before the first section is what the model reads as the tool's description; sections such as
`Returns:` and `Raises:` are for programmers and stay out of it.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

_SECTIONS = (
    "Args|Arguments|Parameters|Other Parameters|Returns?|Yields?|Raises|Warns|Attributes|Examples?|Notes?"
    "|Warnings?|References|See Also|Todo"
)
_GOOGLE_SECTION = re.compile(rf"^({_SECTIONS}):\s*$")
_NUMPY_SECTION = re.compile(rf"^({_SECTIONS})\s*$")
_SPHINX_FIELD = re.compile(r"^:(\w+)(?:\s+([^:]+))?:\s*(.*)$")
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY_ENTRY = re.compile(r"^\*{0,2}(\w+)\s*(?::.*)?$")
_PARAMETER_SECTIONS = {"Args", "Arguments", "Parameters", "Other Parameters"}


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring taken apart; both parts are whitespace-normalised text."""

    description: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def parse_docstring(text: str | None) -> Docstring:
    """Take a docstring apart; one that has no sections is all description."""
    if not text:
        return Docstring()
    description: list[str] = []
    parameters: dict[str, list[str]] = {}
    lines = inspect.cleandoc(text).splitlines()
    section = current = ""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if sphinx := _SPHINX_FIELD.match(line):
            section, current = "sphinx", ""
            if sphinx[1] in {"param", "parameter", "arg", "argument"} and sphinx[2]:
                current = sphinx[2].split()[-1]
                parameters[current] = [sphinx[3]]
        elif header := _GOOGLE_SECTION.match(line):
            section, current = "google" if header[1] in _PARAMETER_SECTIONS else "other", ""
        elif (header := _NUMPY_SECTION.match(line)) and re.fullmatch(r"-{3,}\s*", following):
            section, current = "numpy" if header[1] in _PARAMETER_SECTIONS else "other", ""
        elif not section:
            description.append(line)
        elif section != "other":
            current = _read_parameter(section, line, current, parameters)
    return Docstring(_paragraphs(description), {name: _join(words) for name, words in parameters.items()})


def _read_parameter(section: str, line: str, current: str, parameters: dict[str, list[str]]) -> str:
    """Take in one line of a section of parameters; return the parameter that the next line may continue."""
    indent = len(line) - len(line.lstrip())
    # A continuation line is indented deeper than the entries, so a colon in it starts no new entry.
    if section == "google" and (not current or indent <= 4) and (entry := _GOOGLE_ENTRY.match(line.strip())):
        parameters[entry[1]] = [entry[2]]
        return entry[1]
    if section == "numpy" and indent == 0:
        entry = _NUMPY_ENTRY.match(line)
        if entry and not line.startswith("-"):
            parameters[entry[1]] = []
            return entry[1]
        return current
    if current:
        parameters[current].append(line)
    return current


def _paragraphs(lines: list[str]) -> str:
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(_join(paragraph.splitlines()) for paragraph in paragraphs)


def _join(lines: list[str]) -> str:
    return " ".join(word for line in lines for word in line.split())
