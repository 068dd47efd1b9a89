"""Which language an answer is in.

The caller's newest words decide, if they tell; else the words before them; else the session's language, what
the agent has said, and the language of tools and instructions. Instructions can fix it ("speak only Korean").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentrun.engine.responders.rehearsal.dialogue import Event, Heard, Said
from agentrun.engine.responders.rehearsal.english import English
from agentrun.engine.responders.rehearsal.korean import Korean
from agentrun.engine.responders.rehearsal.language import Language, detect_language
from agentrun.engine.responders.rehearsal.neutral import Neutral
from agentrun.engine.responders.rehearsal.slots import Tool

LANGUAGES: Mapping[str, Language] = {"en": English(), "ko": Korean(), "other": Neutral()}
_ONLY = re.compile(
    r"\b(?:only|always|exclusively)\s+(?:speak|answer|respond|reply|talk)\s+(?:in\s+)?(?P<a>English|Korean)\b"
    r"|\b(?:speak|answer|respond|reply|talk)\s+(?:only|always|exclusively)\s+(?:in\s+)?(?P<b>English|Korean)\b"
    r"|\b(?:speak|answer|respond|reply|talk)\s+(?:in\s+)?(?P<c>English|Korean)\s+only\b"
    r"|(?P<d>한국어|영어)로만|(?:언제나|항상)\s(?P<e>한국어|영어)로",
    re.I,
)
_NAMES = {"english": "en", "영어": "en", "korean": "ko", "한국어": "ko"}


def pick_language(
    events: Sequence[Event], instructions: str, tools: Sequence[Tool], hint: str | None
) -> Language:
    """Return the language to answer in.

    Args:
        events: the conversation.
        instructions: of the session or the response.
        tools: what is offered.
        hint: ISO 639-1 of the session, or None.

    """
    fixed = _ONLY.search(instructions)
    if fixed:
        return LANGUAGES[_NAMES[next(name for name in fixed.groups() if name).lower()]]
    heard = [event.text for event in events if isinstance(event, Heard) and event.text]
    said = [event.text for event in events if isinstance(event, Said)]
    own = None if not hint else hint[:2].lower() if hint[:2].lower() in LANGUAGES else "other"
    code = detect_language(heard, own)
    if code is None:
        described = [*(tool.description for tool in tools), instructions]
        code = own or detect_language(said[-1:] if heard else [*described, *said], None)
    return LANGUAGES[code or "en"]
