"""What Korean callers of a desk say, put together from fragments that are matched by sound.

There is no Korean model of speech; espeak-ng tells how a fragment sounds, and `ipa` brings that to the phones
of the English one. A fragment is as long as its sounds influence each other: a word with its particle, a
time with its ending, a whole request. What follows a pause in speech is a fragment of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from agentrun.engine.speech.callers import CallerLanguage, find_phrases
from agentrun.engine.speech.grammar import Node, Rule, any_of, maybe, sample_sentences, seq
from agentrun.engine.speech.seams import Hints
from agentrun.wire.json import JsonObject

_ALIKE = re.compile(
    r"[월화]요일|[가-힣]{2,5}(?:입니다|이에요|예요|이요|이라고|라고|이고요|고요|\s?님|\s?이름으로)"
)
_SAMPLES = 300
_MAX_PHRASES = 100
_GLUE = "~"  # written without a space before it

_YES_NO = (
    "네|예|아니요|아니오|네 맞아요|맞아요|네 맞습니다|맞습니다|네 좋아요|좋아요|네 그렇게 해 주세요"
    "|그렇게 해 주세요|아니에요"
)
_STOCK = (
    f"{_YES_NO}|안녕하세요|여보세요|감사합니다|고맙습니다|안녕히 계세요|네 감사합니다|감사합니다 "
    f"안녕히 계세요|네 안녕히 계세요"
    "|끊을게요|이만 끊을게요|수고하세요|괜찮아요|네 괜찮아요|됐어요|아니요 됐어요|없어요|아니요 "
    "없어요|아니요 괜찮아요"
    "|아니요 없어요 감사합니다|다시 말씀해 주세요|뭐라고요?|잠시만요|잠깐만요|모르겠어요|잘 "
    "모르겠어요|그만할게요|취소해 주세요"
    "|상담원과 통화하고 싶어요|사람과 통화하고 싶어요|도와주세요|뭘 할 수 있어요?|언제예요?|언제가 좋아요?"
).split("|")
_LEADS = ["네", "예", "아니요", "안녕하세요", "저기요", "그럼", "그러면", "음"]
_CLOSINGS = ["감사합니다", "고맙습니다", "부탁드려요", "부탁합니다", "안녕히 계세요", "네"]
_WEEKDAYS = [f"{day}요일" for day in "월화수목금토일"]
_NEAR_DAYS = ["오늘", "내일", "모레"]
_WEEKS = ["다음 주", "이번 주", "다다음 주"]
_DAY_ENDINGS = ("", "에", "로", "요", "은", "입니다", "예요")
_NUMBERS = ["", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"]
_MONTHS = ["일월", "이월", "삼월", "사월", "오월", "유월", "칠월", "팔월", "구월", "시월", "십일월", "십이월"]
_HOURS = ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"]
_MINUTES = ("", " 반", " 삼십분")
_TIME_ENDINGS = ("", "에", "로", "요", "입니다", "예요")
_HALVES = ["오전", "오후", "아침", "저녁"]
_SURNAMES = [
    "김",
    "이",
    "박",
    "최",
    "정",
    "강",
    "조",
    "윤",
    "장",
    "임",
    "한",
    "오",
    "서",
    "신",
    "권",
    "황",
    "안",
    "송",
    "유",
    "홍",
    "전",
    "고",
    "문",
    "손",
    "양",
    "배",
    "백",
    "허",
    "남",
    "심",
    "노",
    "하",
    "곽",
    "성",
    "차",
    "주",
    "우",
    "구",
    "나",
    "민",
]
_GIVEN_NAMES = [
    "민수",
    "영희",
    "철수",
    "지훈",
    "지은",
    "서연",
    "민준",
    "서준",
    "도윤",
    "예준",
    "시우",
    "하준",
    "주원",
    "지호",
    "지우",
    "준서",
    "준우",
    "현우",
    "지민",
    "수빈",
    "수진",
    "영수",
    "영호",
    "영숙",
    "순자",
    "정숙",
    "미경",
    "은경",
    "은주",
    "은지",
    "은영",
    "지영",
    "지현",
    "지연",
    "수연",
    "수현",
    "소연",
    "소영",
    "혜진",
    "혜영",
    "미영",
    "미숙",
    "성민",
    "성호",
    "성훈",
    "성진",
    "동현",
    "동욱",
    "승현",
    "승민",
    "재현",
    "재민",
    "재호",
    "상훈",
    "상민",
    "진우",
    "진영",
    "진호",
    "태현",
    "태호",
    "현정",
    "현주",
    "현수",
    "유진",
    "유나",
    "예진",
    "예은",
    "하은",
    "하윤",
    "서윤",
    "지아",
    "길동",
    "춘향",
    "몽룡",
    "정민",
    "정훈",
    "경수",
    "경희",
    "광수",
    "명수",
    "보람",
    "나영",
    "다은",
    "다현",
    "가영",
    "세진",
    "선영",
    "선희",
    "윤서",
    "윤아",
    "은비",
]
_NAME_ENDINGS = ("", "요", "입니다", "예요", "라고 합니다")
_AFTER_FINAL = {"로": "으로", "는": "은", "요": "이요", "예요": "이에요", "라고 합니다": "이라고 합니다"}
_NAME_LEADS = ("제 이름은", "이름은", "저는", "성함은", "환자 이름은")
_ACTION = re.compile(r"([가-힣]+(?:\s[가-힣]+)?)(?:을|를)\s+([가-힣]+?)(?:합니다|습니다|해요)")
_DONE = (
    "하고 싶어요",
    "하고 싶은데요",
    "해 주세요",
    "할게요",
    "하려고요",
    "할 수 있어요?",
    "해 주실 수 있어요?",
    "하려고 합니다",
)
_DO = ("하고 싶어요", "하고 싶은데요", "해 주세요", "할게요", "하려고요")
_ALIASES = {"조회": "확인", "찾": "확인", "검색": "확인", "변경": "변경", "등록": "등록"}
_FREE = ["빈 시간", "자리", "빈 자리", "예약 가능한 시간"]
_FREE_ENDINGS = ("있어요?", "있나요?", "있습니까?", "있을까요?", "알려 주세요", "언제예요?")
_POSSIBLE = [
    "가능해요?",
    "가능한가요?",
    "갈 수 있어요?",
    "예약 가능해요?",
    "진료 가능해요?",
    "진료하나요?",
    "열어요?",
    "여나요?",
    "되나요?",
    "돼요?",
    "어때요?",
]


def is_ambiguous(text: str) -> bool:
    """Whether a Korean text holds what is heard as something else too often: names, and 월요일 or 화요일."""
    return _ALIKE.search(text) is not None


def build_korean_language(hints: Hints) -> CallerLanguage:
    """Derive what Korean callers may say from a session's tools and instructions."""
    texts = _Fragments()
    kinds = {kind for tool in hints.tools for kind in _find_kinds(tool)}
    known = [*hints.phrases, *find_phrases(hints), *_list_asides(hints), *_list_values(hints)][:_MAX_PHRASES]
    whole: list[Node] = [texts.any_of([*_STOCK, *known])]
    when = _compose_when(texts, kinds)
    who = [_compose_name(texts)] if "name" in kinds else []
    requests = list(_list_requests(hints, free=bool(when)))
    if requests:
        whole.append(seq(*(maybe(part) for part in when), texts.any_of(requests)))
    whole += [*who, *when]
    rule = Rule("said", seq(maybe(texts.any_of(_LEADS)), any_of(*whole), maybe(texts.any_of(_CLOSINGS))))
    return CallerLanguage(rule, tuple(sample_sentences(rule, _SAMPLES)), texts.write)


class _Fragments:
    """Texts and the words that stand for them in the grammar: no spaces, no marks."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, text: str) -> str:
        """Return the word of a text; a text that begins with `~` is glued to the one before."""
        word = "_".join(re.findall(r"[^\W_]+", text))
        word = f"{_GLUE}{word}" if text.startswith(_GLUE) else word
        self._texts.setdefault(word, text)
        return word

    def any_of(self, texts: Iterable[str]) -> Node:
        """Return the choice of these texts."""
        return any_of(*(self.add(text) for text in texts if re.search(r"[^\W_]", text)))

    def write(self, words: list[str]) -> str:
        """Write recognised words as a caller would type them."""
        return " ".join(self._texts.get(word, word) for word in words).replace(f" {_GLUE}", "")


def _compose_when(texts: _Fragments, kinds: set[str]) -> list[Node]:
    """`다음 주 월요일에`, `십이월 삼일`, `오후 세 시 반으로`: a day, a time, or both."""
    days: list[Node] = []
    if "date" in kinds:
        named = texts.any_of(_join(day, ending) for day in _WEEKDAYS for ending in _DAY_ENDINGS)
        near = texts.any_of(_join(day, ending) for day in _NEAR_DAYS for ending in _DAY_ENDINGS)
        numbers = [_join(f"{_name_number(day)}일", ending) for day in range(1, 32) for ending in _DAY_ENDINGS]
        days = [
            seq(maybe(texts.any_of(_WEEKS)), named),
            near,
            seq(texts.any_of(_MONTHS), texts.any_of(numbers)),
        ]
    times: list[Node] = []
    if kinds & {"time", "date"}:
        hours = [f"{hour} 시{minutes}" for hour in _HOURS for minutes in _MINUTES]
        clock = texts.any_of(_join(hour, ending) for hour in hours for ending in _TIME_ENDINGS)
        halves = texts.any_of(_HALVES)
        times = [seq(maybe(halves), clock)]
        parts = texts.any_of(f"{half}에" for half in _HALVES)
        days = [seq(any_of(*days), maybe(any_of(*times, parts)))] if days else []
    return [any_of(*days, *times)] if days or times else []


def _name_number(number: int) -> str:
    tens, ones = divmod(number, 10)
    return f"{_NUMBERS[tens] if tens > 1 else ''}{'십' if tens else ''}{_NUMBERS[ones]}"


def _compose_name(texts: _Fragments) -> Node:
    """`제 이름은 김민수입니다`: a common surname and a common given name."""
    given = texts.any_of(f"{_GLUE}{_join(name, ending)}" for name in _GIVEN_NAMES for ending in _NAME_ENDINGS)
    return seq(maybe(texts.any_of(_NAME_LEADS)), texts.any_of(_SURNAMES), given)


def _list_requests(hints: Hints, *, free: bool) -> Iterator[str]:
    """Yield requests for what the tools do: `예약을 취소하고 싶어요`."""
    for tool in hints.tools:
        for noun, stem in _ACTION.findall(str(tool.get("description") or "")):
            verb = _ALIASES.get(stem, stem)
            short = noun if stem == "찾" else noun.split()[-1]  # `빈 시간` is not any `시간`
            for thing in dict.fromkeys(("", f"{short} ", f"{short}{_object_mark(short)} ")):
                yield from (f"{thing}{verb}{ending}" for ending in _DONE)
            yield from (f"{verb}{mark} {ending}" for ending in _DO for mark in ("", _object_mark(verb)))
            if verb == "확인":
                yield from (
                    f"제 {short}{_subject_mark(short)} 언제예요?",
                    f"{short} 언제예요?",
                    f"{short} 있어요?",
                )
    if free:
        yield from (f"{thing} {ending}" for thing in _FREE for ending in _FREE_ENDINGS)
        yield from _POSSIBLE


def _join(word: str, ending: str) -> str:
    """Attach a particle in the form that goes with the last sound: `시로`, `삼일로`, `수진이요`."""
    if not _has_final(word):
        return word + ending
    open_r = (ord(word[-1]) - ord("가")) % 28 == _RIEUL and ending == "로"
    return word + (ending if open_r else _AFTER_FINAL.get(ending, ending))


_RIEUL = 8  # the final consonant after which `로` stays as it is


def _has_final(word: str) -> bool:
    return "가" <= word[-1] <= "힣" and (ord(word[-1]) - ord("가")) % 28 != 0


def _object_mark(word: str) -> str:
    return "을" if _has_final(word) else "를"


def _subject_mark(word: str) -> str:
    return "이" if _has_final(word) else "가"


def _list_asides(hints: Hints) -> Iterator[str]:
    """Yield what stands in brackets after a description: examples of what callers say."""
    for tool in hints.tools:
        for aside in re.findall(r"\(([^()]{2,80})\)", str(tool.get("description") or "")):
            yield from (text.strip() for text in aside.split(","))


def _list_parameters(tool: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for name, parameter in ((tool.get("parameters") or {}).get("properties") or {}).items():
        if isinstance(parameter, dict):
            yield name, parameter


def _list_values(hints: Hints) -> Iterator[str]:
    for tool in hints.tools:
        for _, parameter in _list_parameters(tool):
            values = [*parameter.get("enum", []), *parameter.get("examples", [])]
            yield from (str(value) for value in values if re.search(r"[가-힣]", str(value)))


def _find_kinds(tool: JsonObject) -> Iterator[str]:
    """Yield `date`, `time` and `name` for parameters that are such."""
    for name, parameter in _list_parameters(tool):
        words = f"{name} {parameter.get('description', '')}".lower()
        if parameter.get("format") in ("date", "date-time") or re.search(r"\b(date|day)\b|날짜|요일", words):
            yield "date"
        if parameter.get("format") == "time" or re.search(r"\btime\b|시간|시각", words):
            yield "time"
        if re.search(r"\b(name|patient|customer)\b|이름|성함", words):
            yield "name"
