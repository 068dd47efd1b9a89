"""From a JSON Schema `pattern` to how its values are spoken, and back to how they are written.

Only plain codes are understood: literals, classes, `\\d`, `\\w`, and counts, as in `^[A-Z]{2}-\\d{4}$`. Any
other pattern is left to the language model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentrun.engine.speech.grammar import Node, any_of, maybe, seq
from agentrun.engine.speech.numerals import LETTERS, speak_digits_between, spell

_LONGEST_OPEN_RUN = 12
_ATOM = re.compile(r"\[(?P<klass>[^\]^]+)\]|\\(?P<escape>.)|(?P<plain>[A-Za-z0-9 _#:/-])")
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}|([?*+])")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters of one kind.

    Attributes:
        letters: lower-case letters that may stand here.
        digits: whether digits may.
        other: a literal that is usually not spoken, such as `-`.
        shortest: fewest characters.
        longest: most characters, or None.

    """

    letters: str
    digits: bool
    other: str
    shortest: int
    longest: int | None


@dataclass(frozen=True, slots=True)
class Code:
    """A pattern that can be spoken.

    Attributes:
        pieces: the pattern in order.
        upper: letters are written in upper case.

    """

    pieces: tuple[Piece, ...]
    upper: bool

    def speak(self) -> Node:
        """Return the ways to say such a code."""
        # Two numbers next to each other could not be told apart unless they are said digit by digit.
        runs = sum(piece.digits for piece in self.pieces)
        return seq(*(_speak(piece, by_digit=runs > 1) for piece in self.pieces))

    def fit(self, text: str) -> str | None:
        """Return `text` with the separators and the case that the pattern wants, or None if it does not "
        "fit."""
        match = re.fullmatch("".join(map(_render_group, self.pieces)), text, re.IGNORECASE)
        if match is None:
            return None
        found = zip(self.pieces, match.groups(), strict=True)
        fitted = "".join(piece.other if piece.other and piece.shortest else group for piece, group in found)
        return fitted.upper() if self.upper else fitted.lower()


def parse_pattern(pattern: str) -> Code | None:
    """Read a regular expression, or return None if it is more than a plain code."""
    rest = pattern.removeprefix("^").removesuffix("$")
    pieces: list[Piece] = []
    while rest:
        atom = _ATOM.match(rest)
        kind = _read_atom(atom) if atom else None
        if atom is None or kind is None:
            return None
        rest = rest[atom.end() :]
        shortest: int = 1
        longest: int | None = 1
        if count := _COUNT.match(rest):
            shortest, longest = _read_count(count)
            rest = rest[count.end() :]
        letters, digits, other = kind
        pieces.append(Piece(letters, digits, other, shortest, longest))
    if not any(piece.letters or piece.digits for piece in pieces):
        return None
    return Code(tuple(_merge(pieces)), upper=re.search(r"[A-Z]", pattern) is not None)


def derive_code(example: str) -> Code | None:
    """Return the pattern of an example such as `A1001` or `12-345`, or None if it looks like a word."""
    if not re.fullmatch(r"(?=.*\d)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", example):
        return None
    shape = re.sub(r"[A-Z]", "[A-Z]", re.sub(r"[a-z]", "@", example)).replace("@", "[a-z]")
    return parse_pattern(re.sub(r"\d(?![^\[]*\])", r"\\d", shape))


def _read_atom(atom: re.Match[str]) -> tuple[str, bool, str] | None:
    """Return letters, digits and separator of one place, or None if it cannot be spoken."""
    if escape := atom["escape"]:
        if escape in "dw":
            return ("", True, "") if escape == "d" else (LETTERS, True, "")
        return ("", False, escape) if not escape.isalnum() else None
    if plain := atom["plain"]:
        if plain.isdigit():
            return ("", True, "") if plain.isdigit() else None
        return (plain.lower(), False, "") if plain.isalpha() else ("", False, plain)
    letters, digits = "", False
    klass: str = atom["klass"].replace("\\d", "0-9").replace("\\w", "A-Z0-9")
    for first, last in re.findall(r"(.)(?:-(.))?", klass):
        if first.isdigit():
            digits = True
        elif first.isalpha():
            low, high = first.lower(), (last or first).lower()
            letters += "".join(
                letter for letter in LETTERS if low <= letter <= high and letter not in letters
            )
    return (letters, digits, "") if letters or digits else None


def _read_count(count: re.Match[str]) -> tuple[int, int | None]:
    low, comma, high, sign = count.groups()
    if sign:
        return {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
    return int(low), (int(high) if high else None) if comma else int(low)


def _merge(pieces: list[Piece]) -> list[Piece]:
    """Join neighbouring runs of digits, so that `1\\d{3}` is one number of four digits."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last and last.digits and piece.digits and not last.letters and not piece.letters:
            longest = None if last.longest is None or piece.longest is None else last.longest + piece.longest
            merged[-1] = Piece("", True, "", last.shortest + piece.shortest, longest)
        else:
            merged.append(piece)
    return merged


def _speak(piece: Piece, *, by_digit: bool) -> Node:
    if piece.other:
        return maybe(spell(piece.other)) if piece.other in "-./" else seq()
    if piece.digits and not piece.letters and not by_digit:
        said = speak_digits_between(piece.shortest, piece.longest)
        return said if piece.shortest else maybe(said)
    one: list[Node] = [f"_{letter}" for letter in piece.letters]
    if piece.digits:
        one.append(speak_digits_between(1, 1))
    longest = _LONGEST_OPEN_RUN if piece.longest is None else piece.longest
    return seq(*[any_of(*one)] * piece.shortest, *[maybe(any_of(*one))] * (longest - piece.shortest))


def _render_group(piece: Piece) -> str:
    if piece.other:
        return f"({re.escape(piece.other)}?)"
    klass = ("a-z" if len(piece.letters) == len(LETTERS) else piece.letters) + ("0-9" if piece.digits else "")
    return f"([{klass}]{{{piece.shortest},{'' if piece.longest is None else piece.longest}}})"
