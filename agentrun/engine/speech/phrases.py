"""What callers say in languages for which there is no recogniser: a closed list of phrases, matched by sound.

Each phrase is one "word" whose sound espeak-ng gives and `ipa` maps to the phones of the English model.
Taking a whole phrase at once keeps the changes of sound between its words. Good for rehearsals; not
dictation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentrun.engine.speech.callers import CallerLanguage, find_phrases
from agentrun.engine.speech.grammar import Many, Rule, any_of, split_phrases
from agentrun.engine.speech.seams import Hints

_MAX_PHRASES = 300
_STOCK = {
    "ko": split_phrases(
        "네 | 예 | 아니요 | 아니오 | 네 맞아요 | 맞아요 | 아니에요 | 안녕하세요 "
        "| 감사합니다 | 고맙습니다 | 안녕히 계세요 | 괜찮아요 | 다시 말씀해 주세요 "
        "| 잠시만요 | 모르겠어요 | 취소해 주세요 | 예약하고 싶어요 | 예약할게요 "
        "| 예약 취소하고 싶어요 | 예약을 바꾸고 싶어요 | 예약 확인해 주세요 "
        "| 상담원과 통화하고 싶어요 | 그만할게요"
    ),
    "de": split_phrases(
        "ja | nein | danke | vielen dank | hallo | auf wiederhören | tschüss | bitte | moment bitte"
    ),
    "fr": split_phrases("oui | non | merci | bonjour | au revoir | s'il vous plaît | un moment"),
    "es": split_phrases("sí | no | gracias | hola | adiós | por favor | un momento"),
}


def build_phrase_language(hints: Hints, language: str) -> CallerLanguage:
    """Return the phrases of an agent: its own, the values of its tools' parameters and common answers."""
    texts = [*hints.phrases, *find_phrases(hints), *_list_values(hints), *_STOCK.get(language, ())]
    words = list(dict.fromkeys(word for text in texts if (word := _join(text))))[:_MAX_PHRASES]
    rule = Rule("phrase", Many(any_of(*(words or ["SIL"]))))
    return CallerLanguage(rule, tuple((word,) for word in words), _write)


def _list_values(hints: Hints) -> Iterator[str]:
    for tool in hints.tools:
        for parameter in ((tool.get("parameters") or {}).get("properties") or {}).values():
            if isinstance(parameter, dict):
                values = [*parameter.get("enum", []), *parameter.get("examples", [])]
                yield from (str(value) for value in values)


def _join(text: str) -> str:
    """Return a phrase as one token of the grammar: its words joined by `_`, which none of them begins "
    "with."""
    return "_".join(re.findall(r"[^\W_]+(?:'[^\W_]+)?", text))


def _write(words: list[str]) -> str:
    return " ".join(words).replace("_", " ")
