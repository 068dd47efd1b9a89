"""What people say on the phone besides their business, in English and Korean."""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

Aside: TypeAlias = Literal[
    "goodbye", "repeat", "thanks", "who", "help", "human", "how_are_you", "hello", "drop", "wait", "agree",
    "refuse",
]  # fmt: skip

_BYE = (
    r"\b(?:good ?bye|bye(?: bye)?|see you(?: later)?|that(?:'s| is| was| will be"
    r"|'ll be) (?:all|everything|it)\b(?! (?:wrong|right))|hang up"
    r"|have a (?:good|nice|great) (?:day|one|evening|night|weekend))\b"
    r"|안녕히 ?(?:계세요|가세요)|끊을게요|끊겠습니다|끊어 ?주세요|수고하세요|수고하십시오"
    r"|이만 끊|바이바이|들어가세요"
)
_SOURCES: tuple[tuple[Aside, str], ...] = (
    ("goodbye", _BYE),
    (
        "repeat",
        r"\b(?:(?:say|repeat) (?:that|it)(?: again)?|repeat(?: that| it)?(?: please)?$|come again"
        r"|pardon|what did you say|say (?:that |it )?(?:once more|again)|what was that"
        r"|(?:excuse me|sorry|huh),? what|(?:could|can|would) you repeat"
        r"|(?:i )?(?:did not|didn't|couldn't|could not|can't) (?:hear|catch|get)"
        r" (?:you|that|it))\b|^\W*(?:what|huh|sorry|excuse me)\W*\?\W*$"
        r"|다시 (?:한 ?번 )?(?:말씀|말해|얘기)|뭐라고(?:요|\s?하셨)|못 들었|못 알아들|잘 안 들|^\W*네\?\W*$",
    ),
    (
        "drop",
        r"\b(?:never ?mind|forget (?:it|about it)|leave it|scratch that)\b|됐어요|됐습니다|그만둘"
        r"|아무것도 아니|신경 쓰지 마|없던 일로",
    ),
    (
        "who",
        r"\b(?:who are you|who is this|who am i (?:speaking|talking) (?:to|with)|what(?:'s"
        r"| is) your name|are you (?:a )?(?:robot|human|real))\b|누구(?:세요|십니까|시죠|예요)"
        r"|로봇이|사람이에요",
    ),
    (
        "human",
        r"\b(?:(?:speak|talk|connect me|put me through|transfer me|get me)(?: to| with)?|want|need)"
        r" (?:an? |the |some |your )?(?:real |live |actual )?(?:human(?: being)?|person|somebody|someone"
        r"|agent|operator|representative|manager|colleague|staff)\b|^\W*(?:human|operator|agent|representative)\W*$"
        r"|(?:상담원|상담사|직원|사람|담당자)\s?(?:이랑|하고|과|와|에게|한테|분|을|를|으로)?\s?(?:바꿔|연결|통화"
        r"|이야기|얘기)",
    ),
    (
        "help",
        r"\b(?:what can you do|how can you help|can you help(?: me)?\s*\?*$|help me\s*$"
        r"|what do you do|what are my options)\b|^\W*help\W*$|뭘 ?(?:도와줄|할) 수 있|도와줄 수 있"
        r"|무엇을 ?(?:도와|할 수)|어떤 ?(?:일|걸|것을?)을? ?(?:도와|할 수)|^\W*도와 ?(?:주세요"
        r"|줘)\W*$",
    ),
    ("how_are_you", r"\bhow are you|how(?:'s| is) it going|how do you do\b|잘 지내|어떻게 지내"),
    (
        "wait",
        r"^\W*(?:(?:아|어|음|ah|oh|um),?\s)?"
        r"(?:(?:please )?(?:hold on|wait|one (?:moment|second|sec)|just a (?:moment|second"
        r"|sec)|hang on)\b|잠깐만|잠시만)[^?]{0,25}$",
    ),
)
_PATTERNS = tuple((name, re.compile(source, re.I)) for name, source in _SOURCES)
_THANKS = re.compile(r"\b(?:thanks|thank you|thx|cheers)\b|감사|고마워|고맙", re.I)
_HELLO = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|안녕하세요|안녕하십니까|안녕"
    r"|여보세요)\b(?: there)?|^\W*(?:안녕|여보세요)",
    re.I,
)
_AGREE = re.compile(
    r"^\W*(?:yes|yeah|yep|ok|okay|sure|right|great|good|fine|perfect|alright|all right|i see"
    r"|네|예|응|그래요?|좋아요|알겠(?:습니다|어요))[\s,.!]*(?:please|thanks)?\W*$",
    re.I,
)
_REFUSE = re.compile(
    r"^\W*(?:no|nope|nah|not really|no,? (?:that's all|thanks|thank you)|아니요?|아뇨|필요 ?없어요|괜찮아요"
    r"|괜찮습니다|없어요|없습니다)[\s,.!]*(?:thanks|thank you|없어요|없습니다|괜찮아요"
    r"|괜찮습니다)?\W*$",
    re.I,
)


def find_aside(text: str) -> Aside | None:
    """Return what sort of small talk an utterance is, if it contains any."""
    for name, pattern in _PATTERNS:
        if pattern.search(text):
            return name
    if _REFUSE.match(text):
        return "refuse"
    if _THANKS.search(text):
        return "thanks"
    if _AGREE.match(text):
        return "agree"
    return "hello" if _HELLO.search(text) else None
