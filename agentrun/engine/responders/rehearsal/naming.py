"""Names of people and places, as callers give them in English and Korean."""

from __future__ import annotations

import datetime
import re

from agentrun.engine.responders.rehearsal.dates import find_date
from agentrun.engine.responders.rehearsal.lexicon import KO_STOP_WORDS
from agentrun.engine.responders.rehearsal.phrases import REQUEST_STEMS, find_known_terms, read_answer
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.words import (
    find_concepts,
    is_korean,
    read_tokens,
    read_words,
    stem_word,
)

_NAME_CUES = re.compile(
    r"\b(?:my (?:full )?name is|my name's|the name is|the name's|name is|under the name(?: of)?|call me)\s+",
    re.I,
)
_NAME_HINTS = re.compile(r"\b(?:[Tt]his is|I am|I'm|[Ii]t's|[Ff]or|[Uu]nder)\s+(?=[A-Z])")
_NAME_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?:\s+[^\W\d_][\w'’-]*){0,3}")
_PROPER_WORDS = re.compile(r"[A-Z][\w'’-]*(?:\s+(?:(?:de|van|von|al|bin)\s+)?[A-Z][\w'’-]*){0,3}")
_NAME_END = re.compile(
    r"\s+(?:and|but|because|since|so|i|i'd|my|the|please|calling|from|speaking|here|at|on|with"
    r"|to|for|is)\b.*",
    re.I | re.S,
)
_KO_ENDING = r"(?:이라고|라고|이에요|예요|입니다|이고요|이고|고요|인데요|이요|요)"
_KO_NAMES = (
    re.compile(r"([가-힣]{2,4}?)\s?(?:이름으로|앞으로)"),
    re.compile(rf"(?:이름|성함|성명)[은이]\s*([가-힣]{{2,5}}?)(?:{_KO_ENDING}|[\s.,]|$)"),
    re.compile(r"(?:저는|전|저)\s+([가-힣]{2,4}?)(?:이라고|라고|이에요|예요|입니다)"),
    re.compile(r"([가-힣]{2,4}?)(?:이라고|라고)\s*(?:합니다|해요|하는데)"),
)
_SPELT = re.compile(r"\b(?:[A-Za-z][ .-]{1,2}){2,}[A-Za-z]\b(?!['’])")
_REPEATED = re.compile(r"([^\W\d_][\w'’-]+),? ((?:[^\W\d_][\w'’-]* ){1,2}\1\b)")  # "Bond, James Bond"
_SAID_BEFORE = re.compile(
    r"([^\W\d]+)[\s,.]*(?:(?:that's|that is|it's|spelled|spelt|spelling|i spell(?: it)?)\s+)?$", re.I
)
_PREPOSITIONS = {"from": "from", "origin": "from", "departure": "from", "to": "to", "destination": "to",
    "pickup": "from", "dropoff": "to", "start": "from"}  # fmt: skip
_PLACE = (
    r"\b(?:{})\s+(?:the\s+)?"
    r"([A-Z][\w'’-]*(?: [A-Z][\w'’-]*){{0,3}}|[a-z][\w'’-]+(?: [a-z][\w'’-]+){{0,2}})"
)
_ANY_DAY = datetime.date(2000, 1, 1)
_TIME_WORDS = frozenset(["now", "right", "next", "this", "during", "later", "soon", "weekend"])
_PLACE_STARTS = frozenset(["new", "north", "south", "west", "east", "old", "port"])
_STREET = re.compile(
    r"\b\d{1,4}[a-z]? (?:[A-Z][\w'’-]* ?){1,4}(?<! )"
    r"|\b\d{1,4} \w+(?: \w+)? (?:street|road|avenue|lane|drive|square|way)\b"
    r"|\b[A-Z][\w'’-]+(?: [A-Z][\w'’-]+){0,3} \d{1,4}[a-z]?\b"
    r"|(?:(?!주소|저는|제가)[가-힣]+(?<![를을은는로])\s+){0,3}[가-힣]+(?:로|길|동)\s?\d+(?:-\d+)?(?:번지|호)?"
)
_KO_FAMILY_NAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현"
    "함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_KO_BARE_NAME = re.compile(
    rf"(?:^|(?<=[\s,.]))([{_KO_FAMILY_NAMES}][가-힣]{{2}})"
    r"(?:(?:이요|요|입니다|이에요|예요|인데요|이고요|이라고|\s?님|\s?씨|의)(?![가-힣])"
    r"|(?=\s+(?:예약|진료|이름|환자|고객|계좌|주문|회원|앞으로)))"
)
_KO_NO_NAME = re.compile(
    r"(?:오늘|지금|이번|다음|오전|오후|주말|최근|우선|안녕|전화|정말|진짜|조금|하나|나중|이거|여기|저기|거기"
    r"|모두|전부|아직|방금|혹시|제가|그게)|.*(?:에|를|을|는|해|에서|하게|하고|려고|어요|아요)$"
)
_KO_SENTENCE = re.compile(
    r"(?:어요|아요|해요|나요|까요|습니다|는데요|네요|세요|하죠|있죠|싶은데|할게요|돼요|지요)$"
)
_NO_NAMES = frozenset({"available", "appointment", "order", "cancel", "change", "lookup"})
_KO_PLACE = re.compile(
    r"([가-힣A-Za-z]{2,})(?:에서|까지|으로|로|의|에)(?![가-힣])|([가-힣]{2,})\s+(?=날씨|지점|매장)|([가-힣]{2,}?)(?:은|는)요"
)


def find_name(text: str, rest: str, slot: Slot, *, focused: bool) -> str | None:
    """Return the name that somebody gives; an answer to the question for it is taken as it stands.

    Args:
        text: the utterance.
        rest: the same without what is known to be something else, such as a date.
        slot: the slot.
        focused: whether the name was asked for.

    """
    text, rest = _join_spelt(text), _join_spelt(rest)
    for pattern in _KO_NAMES:
        korean = pattern.search(text)
        if korean:
            return korean[1]
    cue = _NAME_CUES.search(text)
    if cue:
        return _cut_name(text[cue.end() :], _NAME_WORDS)
    hint = _NAME_HINTS.search(rest)
    if hint:
        return _cut_name(rest[hint.end() :], _PROPER_WORDS)
    bare = _find_bare_korean_name(rest)
    return bare or (_read_name_answer(text, rest) if focused else None)


def _find_bare_korean_name(text: str) -> str | None:
    """Return a Korean name that nothing introduces, by its family name (홍길동 예약 확인해 주세요)."""
    for match in _KO_BARE_NAME.finditer(text):
        name = match[1]
        if not find_concepts(name) and not _KO_NO_NAME.match(name):
            return name
    return None


def _join_spelt(text: str) -> str:
    """Write names that are spelt out as words; each stands for the word before it ("Smith, S M I T H")."""
    while (spelt := _SPELT.search(text)) is not None:
        name = re.sub(r"[^A-Za-z]", "", spelt[0]).capitalize()
        before = text[: spelt.start()]
        said = _SAID_BEFORE.search(before)
        if said and said[1][0].lower() == name[0].lower():
            before = before[: said.start()]
        text = f"{before.rstrip()} {name}{text[spelt.end() :]}".strip()
    return text


def _read_name_answer(text: str, rest: str) -> str | None:
    """Return the name of an answer, or None where it is another answer than a name."""
    if _KO_SENTENCE.search(text.rstrip(" .!?")) or _ends_with_question_mark(text):
        return None
    taken = rest.split() != text.split()
    answer = read_answer(rest if taken else text)
    if answer is None or len(answer.split()) > 5 or (taken and not read_words(answer)):
        return None
    return (
        None
        if any(find_concepts(token.lower()) & _NO_NAMES for token, _, _ in read_tokens(answer))
        else answer
    )


def _ends_with_question_mark(text: str) -> bool:
    """Whether a text is written as a question."""
    return text.rstrip().endswith("?")


def find_place(text: str, slot: Slot, tool: Tool, *, focused: bool) -> str | None:
    """Return the place after a preposition that fits the slot's name, or before a Korean particle.

    A place that nobody asked for and that may be left out has to be recognisable: capitals or a house number.
    """
    words = slot.words.split()
    answer = _read_place_answer(text) if focused else None
    if focused and is_korean(text):
        return answer
    if "address" in f"{slot.words} {slot.description}".lower() and (street := find_street(text)):
        return answer if answer and len(answer) < 2 * len(street) + 20 else street
    prepositions = next(
        (_PREPOSITIONS[word] for word in words if word in _PREPOSITIONS), "in|at|to|near|for|from|around"
    )
    sure = focused or slot.required
    for match in re.finditer(_PLACE.format(prepositions), text):
        place = _cut_place(match[1], tool)
        if place is not None and (sure or not place[0].islower()):
            return place
    for korean in _KO_PLACE.finditer(text):
        place = korean[1] or korean[2] or korean[3]
        if not find_concepts(place) and stem_word(place) not in REQUEST_STEMS and place not in KO_STOP_WORDS:
            return place
    return answer


def _read_place_answer(text: str) -> str | None:
    """Return the place of an answer, or None where nothing is left that could be one ("what about …?")."""
    answer = re.sub(r"^(?:to|in|at|from|near) ", "", read_answer(text) or "", flags=re.I)
    return answer if answer and read_words(answer) and not _ends_with_question_mark(text) else None


def find_street(text: str) -> str | None:
    """Return a street with its house number."""
    street = _STREET.search(text)
    return street[0].strip() if street else None


def _cut_place(said: str, tool: Tool) -> str | None:
    """Return the leading words of a phrase that can be a place."""
    known = find_known_terms(tool)
    kept: list[str] = []
    for part in said.split():
        words = read_words(part)
        if part.lower() in _TIME_WORDS or find_date(part, _ANY_DAY) is not None:
            break
        if not words or words[0].stem in REQUEST_STEMS or (part.islower() and words[0].terms & known):
            break
        if part.islower() and words[0].concepts and part not in _PLACE_STARTS:
            break
        kept.append(part)
    place = " ".join(kept)
    return (place.title() if place.islower() else place) or None


def _cut_name(text: str, words: re.Pattern[str]) -> str | None:
    repeated = _REPEATED.match(text)
    text = repeated[2] if repeated else text
    match = words.match(text)
    name = _NAME_END.sub("", match[0]).strip(" .,") if match else ""
    return (name.title() if name.islower() else name) or None
