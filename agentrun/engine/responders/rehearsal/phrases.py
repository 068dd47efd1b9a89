"""Values that are the caller's own words: subjects, reasons, things to look for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.smalltalk import find_aside
from agentrun.engine.responders.rehearsal.words import (
    Word,
    is_korean,
    read_tokens,
    read_words,
)

_ANSWER_START = re.compile(
    r"^\W*(?:(?:uh|um|well|sure|yes|yeah|ok|okay|oh|so|no|actually|sorry|please|네|예|음|어"
    r"|저기|그게|아니요|아뇨)[\s,.!]+)*"
    r"(?:(?:it is|it's|its|that is|that's|that would be|the name is|my name is|i am|i'm"
    r"|this is|make it|i'd like|i want"
    r"|i would like|call me|제 이름은|이름은|성함은|저는|제|그건)\s+)?",
    re.I,
)
_ANSWER_END = re.compile(r"(?:[\s,]+(?:please|thanks|thank you))?\W*$", re.I)
_KO_ANSWER_END = re.compile(
    r"(?:이라고 합니다|라고 합니다|이라고 해요|라고 해요|으로 해 ?주세요|로 해 ?주세요|입니다"
    r"|이에요|예요|이요|요)$"
)
_COURTESY = re.compile(
    r"^\W*(?:(?:hi|hello|hey|good (?:morning|afternoon|evening)|안녕하세요|여보세요"
    r"|저기요)\b[\s,.!]*)+|[\s,]+please\b\W*$",
    re.I,
)
_QUOTED = re.compile(r"[\"“”«](.{2,200}?)[\"“”»]|[‘「『](.{2,200}?)[’」』]")
_SUBJECT_CUE = re.compile(
    r"\b(?:remind me to|about|regarding|concerning|saying|that says|because(?: of)?|due to)\s+(.{2,})",
    re.I | re.S,
)
_SEARCH_CUE = re.compile(
    r"\b(?:search(?: for)?|look(?:ing)? for|find(?: me)?|by|do you have|have you got|got any)\s+(.{2,}?)\W*$",
    re.I,
)
_QUERY = frozenset(["query", "search", "keyword", "keywords", "term"])
_REASON_CUE = re.compile(r"\b(?:because(?: of)?|due to|since|as)\s+(.{2,})", re.I | re.S)
_KO_REASON = re.compile(r"([가-힣\s]{1,30}?(?:때문에|아파서|나서|해서|있어서|문제로))")
_CLAUSE = re.compile(r"(?<=[.!?;,:])\s+|\s+(?:and|but)\s+(?=i\b|my\b|the\b|it\b)", re.I)
REQUEST_STEMS = frozenset(
    [
        "would",
        "like",
        "want",
        "need",
        "please",
        "could",
        "can",
        "help",
        "tell",
        "know",
        "get",
        "give",
        "find",
        "look",
        "search",
        "order",
        "buy",
        "play",
        "add",
        "make",
        "take",
        "send",
        "put",
        "try",
        "hav",
        "thank",
        "question",
        "hi",
        "hello",
        "yes",
        "today",
        "now",
        "알려",
        "주세",
        "줘",
        "틀어",
        "찾아",
        "싶어",
        "부탁",
        "해주",
        "있나",
        "궁금",
        "보여",
        "주실",
        "원해",
        "하나",
        "드릴",
    ]
)
_INNER = frozenset(["of", "the", "and", "in", "a", "an", "to", "for", "on", "with", "by", "de", "la"])
_KO_TAIL = re.compile(r"(?<=[가-힣]{2})(?:을|를|은|는|이|가|으로|로|에서|에|도|랑|하고|요)$")


def find_gist(text: str, slot: Slot, tool: Tool, *, focused: bool) -> str | None:
    """Return what an utterance is about: a quotation, what follows "about", or all but the request itself."""
    quoted = _QUOTED.search(text)
    if quoted:
        return (quoted[1] or quoted[2]).strip()
    if focused:
        return read_answer(text)
    cue = _SUBJECT_CUE.search(text)
    if cue and read_words(cue[1]):
        return _trim(cue[1])
    known = find_known_terms(tool)
    searched = _SEARCH_CUE.search(text) if _QUERY & set(slot.words.split()) else None
    if searched and _says_more(searched[1], known, 1):
        return _trim(searched[1])
    clauses = [clause for clause in _CLAUSE.split(_COURTESY.sub("", text)) if _says_more(clause, known, 1)]
    rest = _trim(" ".join(clauses))
    return rest if _says_more(rest, known, 2 if not is_korean(rest) else 1) else None


def find_reason(text: str) -> str | None:
    """Return what follows "because", or stands before its Korean forms."""
    cue = _REASON_CUE.search(text) or _KO_REASON.search(text)
    return _trim(cue[1]) if cue and read_words(cue[1]) else None


def find_phrase(text: str, slot: Slot, tool: Tool, *, focused: bool) -> str | None:
    """Return a thing that is named: a quotation, what follows the slot's name, or the longest new phrase."""
    quoted = _QUOTED.search(text)
    if quoted:
        return (quoted[1] or quoted[2]).strip()
    named = find_labelled(text, slot)
    if named or not slot.required:
        return named or (read_answer(text) if focused else None)
    known = find_known_terms(tool)
    runs = list(_iter_runs(text, known))
    if runs:
        return _KO_TAIL.sub("", max(runs, key=len))
    return read_answer(text) if focused else None


def find_labelled(text: str, slot: Slot) -> str | None:
    """Return what follows the slot's own name, as in "with the note ring the bell"."""
    label = r"\s+".join(re.escape(word) for word in slot.words.split())
    match = re.search(rf"\b{label}\b\s*(?::|is|says|saying|=)\s*(.{{2,}})", text, re.I) if label else None
    return _trim(match[1]) if match else None


def read_answer(text: str) -> str | None:
    """Return an answer without its "it's" and "please", or None if nothing is left."""
    if find_aside(text) in ("agree", "refuse", "wait"):
        return None
    answer = _ANSWER_END.sub("", _ANSWER_START.sub("", text.strip(), count=1))
    if is_korean(answer):
        answer = _KO_ANSWER_END.sub("", answer) or answer
    return answer.strip() or None


def _trim(text: str) -> str:
    return text.strip().strip(",;:").rstrip(".!").strip()


def find_known_terms(tool: Tool) -> frozenset[str]:
    """Return the terms that the name and the first sentence of a tool account for."""
    first = re.split(r"(?<=[.!?])\s|\n", tool.description, maxsplit=1)[0]
    return frozenset(term for word in read_words(f"{tool.words} {first}") for term in word.terms)


def _is_known(word: Word, known: frozenset[str]) -> bool:
    return bool(word.terms & known) or word.stem in REQUEST_STEMS


def _says_more(text: str, known: frozenset[str], least: int) -> bool:
    return sum(not _is_known(word, known) for word in read_words(text)) >= least


def _iter_runs(text: str, known: frozenset[str]) -> Iterator[str]:
    """Yield the stretches of neighbouring words that neither the request nor the tool's name accounts for."""
    content = {word.start: word for word in read_words(text)}
    start, end = -1, -1
    for token, first, last in read_tokens(text):
        word = content.get(first)
        if (
            word is not None
            and not _is_known(word, known)
            and (end < 0 or not re.search(r"[,.?!]", text[end:first]))
        ):
            start, end = (first if start < 0 else start), last
        elif start >= 0 and not (
            token.lower() in _INNER or (is_korean(token) and last - first == 1 and first == end)
        ):
            yield text[start:end]
            start, end = -1, -1
    if start >= 0:
        yield text[start:end]
