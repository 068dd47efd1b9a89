"""E-mail addresses as people say them: "j dot smith at example dot com", ada 골뱅이 example 점 com."""

from __future__ import annotations

import re

from agentrun.engine.responders.rehearsal.dates import Found

_WRITTEN = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SIGNS = {
    "dot": ".",
    "underscore": "_",
    "dash": "-",
    "hyphen": "-",
    "minus": "-",
    "plus": "+",
    "점": ".",
    "쩜": ".",
}
_AT = frozenset({"at", "골뱅이", "앳"})
_KOREAN_ENDINGS = {"닷컴": ".com", "닷넷": ".net", "쩜컴": ".com", "점컴": ".com"}
_TAIL = re.compile(r"(?:이에요|예요|이요|요|입니다|이고요)$")
_TOKEN = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_-]+)*|[가-힣]+|[@.]")


def find_addresses(text: str) -> list[Found[str]]:
    """Return the addresses in a text, written ones first."""
    found = [Found(match[0], match.start(), match.end()) for match in _WRITTEN.finditer(text)]
    tokens = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(text)]
    for index, (token, _, _) in enumerate(tokens):
        if token.lower() in _AT:
            spoken = _read_around(tokens, index)
            found += [spoken] if spoken else []
    return found


def _read_around(tokens: list[tuple[str, int, int]], at: int) -> Found[str] | None:
    """Read the name before an "at" and the domain after it."""
    first = at - 1
    while first > 0 and _joins(tokens[first - 1][0], tokens[first][0]):
        first -= 1
    last = at + 1
    while last + 1 < len(tokens) and _joins(tokens[last][0], tokens[last + 1][0]):
        last += 1
    if first < 0 or last >= len(tokens):
        return None
    name = "".join(map(_write, (token for token, _, _ in tokens[first:at])))
    domain = "".join(map(_write, (token for token, _, _ in tokens[at + 1 : last + 1])))
    address = f"{name}@{domain}".lower()
    return Found(address, tokens[first][1], tokens[last][2]) if _WRITTEN.fullmatch(address) else None


def _joins(left: str, right: str) -> bool:
    """Whether two words belong to one address: beside a sign, or spelt letter by letter."""
    signs = left.lower() in _SIGNS or right.lower() in _SIGNS or _TAIL.sub("", right) in _KOREAN_ENDINGS
    return signs or (len(left) == len(right) == 1 and left.isascii() and right.isascii())


def _write(token: str) -> str:
    bare = _TAIL.sub("", token) or token
    return _SIGNS.get(token.lower()) or _KOREAN_ENDINGS.get(bare) or token
