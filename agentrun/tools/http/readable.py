"""The words of an HTML page: what is left for a model when the page is gone."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST_HTML = 64 * 1024
"""Characters of a page that are looked at; an answer to a tool is no book."""

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object"})
_BREAKS = frozenset(
    {"p", "div", "br", "hr", "pre", "li", "ul", "ol", "dt", "dd", "tr", "table", "form", "title"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer"}
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def read_html(page: str) -> str:
    """Return the text that a reader of the page would see, a line for each block."""
    words = _Words()
    words.feed(page[:MOST_HTML])
    words.close()
    text = _SPACES.sub(" ", "".join(words.parts))
    return _LINES.sub("\n", text).strip()


def looks_like_html(text: str) -> bool:
    """Tell whether a text is a page, whatever it was announced as."""
    start = text[:256].lstrip("\ufeff \t\r\n").lower()
    return start.startswith(("<!doctype html", "<html", "<head", "<body"))


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
