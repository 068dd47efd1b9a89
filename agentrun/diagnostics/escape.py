"""Characters that must not reach a terminal, a log or a document as they are.

A message repeats words of the file, and a file may hold anything: escape sequences that repaint a terminal,
marks that turn the direction of writing, halves of surrogate pairs that no encoding accepts.
"""

from __future__ import annotations

import re

_CONTROLS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufffe\uffff"
_HIDDEN = re.compile(f"[{_CONTROLS}]")


def escape_controls(text: str) -> str:
    r"""Return the text on one line, with control characters written as `\n`, `\x1b` or `\u202e`."""
    return _HIDDEN.sub(_name, text)


def escape_json(document: str) -> str:
    """Return a JSON document with the characters that `json.dumps` leaves alone written as escapes.

    The line breaks between values stay.
    """
    return _HIDDEN.sub(lambda found: found[0] if found[0] in "\n\t" else f"\\u{ord(found[0]):04x}", document)


def escape_xml(text: str) -> str:
    r"""Return the text for XML, as content or in double quotes; what XML forbids becomes visible (`\x1b`).

    Source: https://www.w3.org/TR/xml/#charsets
    """
    kept = _HIDDEN.sub(lambda found: found[0] if found[0] == "\n" else _name(found), text)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;")):
        kept = kept.replace(character, entity)
    return kept


def _name(found: re.Match[str]) -> str:
    character = found[0]
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
