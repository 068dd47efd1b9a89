"""What instructions ask to say: exact words, a described utterance, a greeting, a fact that answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentrun.engine.responders.rehearsal.lexicon import ACTIONS, WEAK_CONCEPTS
from agentrun.engine.responders.rehearsal.words import is_korean, read_words

_EXACT = re.compile(
    r"^\s*(?:please\s+)?(?:say|speak|read(?: out)?|repeat|respond with|reply with"
    r"|answer with)\b[^:\n\"“]{0,120}:\s*(?P<en>.+)$"
    r"|^\s*(?:please\s+)?(?:say|repeat)(?: exactly)?(?: this)?\s+[\"“](?P<quoted>.+?)[\"”]\s*\.?\s*$"
    r"|^\s*(?:다음(?:과 같이|을|의 말을|처럼)?|정확히|그대로|이렇게)[^:\n]{0,60}(?:말하세요"
    r"|말해 ?주세요|말해|말하십시오|말합니다|읽어 ?주세요"
    r"|읽으세요)[^:\n]{0,20}[:：]\s*(?P<ko>.+)$",
    re.I | re.S,
)
_EXACT_KO_QUOTED = re.compile(
    r"^\s*[\"“'「](.+)[\"”'」]\s*(?:라고|이라고)[^\n]{0,20}(?:말|인사|안내|답)[^\n]{0,15}$", re.S
)
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("「", "」"), ("«", "»"))
_TELL = re.compile(
    r"^\s*(?:please\s+)?(?:briefly\s+|politely\s+|gently\s+)?(?:tell|inform|let|remind|assure"
    r"|warn)\s+(?:the\s+|them|him|her)?\s*"
    r"(?:caller|user|customer|guest|patient|person)?\s*(?:know\s+)?(?:that\s+)?(?P<said>.+)$",
    re.I | re.S,
)
_SAY_THAT = re.compile(
    r"^\s*(?:please\s+)?(?:briefly\s+)?(?:say|explain|mention"
    r"|announce)\s+(?:to the caller\s+)?that\s+(?P<said>.+)$",
    re.I | re.S,
)
_ASK = re.compile(
    r"^\s*(?:please\s+)?(?:politely\s+)?ask\s+(?:the\s+)?(?:caller|user|customer|guest|patient"
    r"|them)?\s*(?P<word>whether|if|what|how|for)\s+(?P<said>.+)$",
    re.I | re.S,
)
_GREET = re.compile(
    r"^\s*(?:please\s+)?(?:warmly\s+|briefly\s+|politely\s+)?(?:greet|welcome|say hello)\b|인사", re.I
)
_THANK = re.compile(r"^\s*(?:please\s+)?(?:thank|apologi[sz]e)\b|사과", re.I)
_BYE = re.compile(r"^\s*(?:please\s+)?say (?:goodbye|bye)\b|작별", re.I)
_KO_TELL = re.compile(
    r"^\s*(?:고객|발신자|상대방|환자|손님|사용자)?(?:에게|께)?\s*(?P<said>.+?)(?:다고"
    r"|라고)\s*(?:말|알려|안내|전)[^\n]{0,12}$",
    re.S,
)
_TO_CALLER = (
    (r"\byou are\b|\byou're\b", "I am"),
    (r"\bwe're\b", "we are"),
    (r"\byour\b", "my"),
    (r"\b(?:they|he|she) (?:is|are)\b", "you are"),
    (r"\btheir\b|\bhis\b|\bher\b|\bthe caller's\b", "your"),
    (r"\bthe caller\b|\bthem\b|\bhim\b|\bthey\b", "you"),
    (r"\byou (?=still|have|will|can|need|could)", "I "),
)

_GREETING_LINE = re.compile(
    r"(?:greet|welcome|start|begin|open|answer)[^\n\"“]{0,80}[\"“]([^\"”\n]{3,200})[\"”]"
    r"|(?:인사|시작)[^\n\"“]{0,40}[\"“]([^\"”\n]{2,200})[\"”]"
    r"|[\"“]([^\"”\n]{2,200})[\"”]\s?(?:라고|이라고)\s?(?:인사|시작)",
    re.I,
)
_ROLE = re.compile(
    r"\b[Yy]ou(?: are|'re) (?P<en>[^.\n!]{3,160})|당신은\s*(?P<ko>[^.\n]{2,120}?)(?:입니다"
    r"|이다|예요|이에요)|(?P<ko2>[^.\n]{2,60}?)(?:의 역할을)"
)
_SENTENCE = re.compile(r"(?<=[.!?。])\s+|\n+\s*(?:[-*•#]+|\d+[.)])?\s*")
_TO_MODEL = re.compile(
    r"^\W*(?:you\b|your\b|always|never|do not|don't|if\b|when\b|whenever|use\b|ask\b|call\b"
    r"|keep|be\b|speak|answer|say\b|tell\b"
    r"|before|after|only|make sure|only|one question|repeat|confirm|offer|help|greet|please"
    r"|respond|reply|act|role|to say|what you|how you)"
    r"|(?:합니다|하세요|마세요|않습니다|줍니다|하십시오|말합니다|물어봅니다)\W*$|당신은"
    r"|\b(?:the caller|the user|tools?)\b|도구",
    re.I,
)
_QUESTION = re.compile(
    r"\?|^\W*(?:what|when|where|who|how|which|why|is|are|do|does|can|could|may)\b|\b(?:tell me"
    r"|i'd like to know|know)\b"
    r"|까요?\W*$|나요?\W*$|(?:언제|어디|얼마|몇|무슨|어떻게|어떤|뭐|무엇|인가요|있어요|돼요"
    r"|되나요|해요|알려)",
    re.I,
)


def find_exact_words(instructions: str) -> str | None:
    """Return the words that an instruction such as `Say exactly: …` puts into the agent's mouth."""
    match = _EXACT.match(instructions) or _EXACT_KO_QUOTED.match(instructions)
    if match is None:
        return None
    words = next((group for group in match.groups() if group), "")
    return _unquote(words.strip()) or None


def is_greeting_order(instructions: str) -> bool:
    """Whether the caller is to be greeted."""
    return _GREET.search(instructions) is not None


def is_goodbye_order(instructions: str) -> bool:
    """Whether the caller is to be sent off."""
    return _BYE.search(instructions) is not None


def find_described_words(instructions: str) -> str | None:
    """Turn an order such as "Tell the caller that you are still looking" into words, or return None."""
    text = instructions.strip()
    if len(text) > 400 or "\n\n" in text:
        return None
    korean = _KO_TELL.match(text) if is_korean(text) else None
    if korean:
        return _make_polite(korean["said"].strip())
    asked = _ASK.match(text)
    if asked:
        return _render_question(asked["word"].lower(), _address(asked["said"]))
    told = _TELL.match(text) or _SAY_THAT.match(text)
    if told:
        return _sentence(_address(told["said"]))
    if _THANK.match(text):
        return "I am sorry about that." if "apolog" in text.lower() else "Thank you."
    return None


def find_greeting(instructions: str) -> str | None:
    """Return a greeting that the instructions quote."""
    match = _GREETING_LINE.search(instructions)
    return next((group.strip() for group in match.groups() if group), None) if match else None


def find_role(instructions: str) -> str | None:
    """Return who the agent is, in the words of the instructions ("the order desk of Harbour Books")."""
    match = _ROLE.search(instructions)
    if match is None:
        return None
    role = next((group for group in match.groups() if group), "")
    return re.split(r",| who | that | and you |; ", role, maxsplit=1)[0].strip() or None


def is_question(text: str) -> bool:
    """Whether a text asks for something to be told."""
    return _QUESTION.search(text) is not None


def find_fact(question: str, instructions: str) -> tuple[str, float] | None:
    """Return the sentence of the instructions that answers best, and how well (about 1 per word)."""
    asked = [word for word in read_words(question) if word.stem not in ("on", "off")]
    best, best_score = None, 0.0
    for sentence in _iter_facts(instructions):
        told = frozenset(term for word in read_words(sentence) for term in word.terms)
        score = sum(_overlap(word.terms & told) for word in {word.stem: word for word in asked}.values())
        if score > best_score:
            best, best_score = sentence, score
    enough = best_score >= 1.5 or (
        asked and best_score >= 0.5 * len({word.stem for word in asked}) and best_score >= 0.8
    )
    return (best, best_score) if best and enough else None


_ACTION_SHARED = 1.2


def _overlap(shared: frozenset[str]) -> float:
    if any(not term.startswith("*") for term in shared):
        return _ACTION_SHARED if any(term[1:] in ACTIONS for term in shared) else 1.0
    return 0.8 if any(term[1:] not in WEAK_CONCEPTS - {"time"} for term in shared) else 0.0


def _iter_facts(instructions: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(instructions):
        fact = sentence.strip(" \t#*-•")
        if len(fact) > 5 and not _TO_MODEL.search(fact) and len(read_words(fact)) >= 2:
            yield fact if fact[-1] in ".!?" else fact + "."


def _address(text: str) -> str:
    for pattern, replacement in _TO_CALLER:
        text = re.sub(pattern, replacement, text, flags=re.I)
    return text.strip()


def _render_question(word: str, rest: str) -> str:
    rest = rest.rstrip(" .?")
    if word in ("whether", "if"):
        swapped = re.sub(r"^(?:you|I) (are|were|have|can|would|need|want|like)\b", r"\1 you", rest)
        first = swapped.split(" ", 1)[0]
        asks = {"need": "do you need", "want": "do you want", "like": "do you like"}
        return _sentence(
            (
                asks.get(first, first) + swapped[len(first) :].replace(" you", "", 1)
                if first in asks
                else swapped
            )
            + "?"
        )
    if word == "for":
        return _sentence(f"could you tell me {rest}?")
    swapped = re.sub(r"^(you|I) (are|can|would)\b", r"\2 \1", rest)
    return _sentence(f"{word} {re.sub(r'^(?:you|I) (?=need|want|like)', 'do you ', swapped)}?")


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def _make_polite(plain: str) -> str:
    """Turn a Korean plain statement without its last syllable (확인하고 있) into a polite one."""
    for ending, polite in (("한", "합니다"), ("이", "입니다"), ("된", "됩니다"), ("는", "습니다")):
        if plain.endswith(ending):
            return f"{plain[: -len(ending)]}{polite}."
    return f"{plain}습니다."


def _unquote(text: str) -> str:
    for opening, closing in _QUOTES:
        inner = text[1:-1]
        if (
            len(text) > 1
            and text[0] == opening
            and text.rstrip(".")[-1] == closing
            and opening not in inner[:-1]
        ):
            return (
                text.rstrip(".")[1:-1].strip() if text.endswith((closing, closing + ".")) else inner.strip()
            )
    return text
