"""What is said in Korean."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

from agentrun.engine.responders.rehearsal.korean_words import ACTIONS, CURRENCIES, VALUES, WORDS
from agentrun.engine.responders.rehearsal.saying import say_number, say_text
from agentrun.engine.responders.rehearsal.slots import Slot, Tool
from agentrun.engine.responders.rehearsal.words import is_korean, split_name
from agentrun.wire.json import JsonObject, JsonValue

PHRASES: Mapping[str, str] = {
    "hello": "안녕하세요! 무엇을 도와드릴까요?",
    "how_are_you": "네, 잘 지내고 있습니다. 무엇을 도와드릴까요?",
    "thanks": "별말씀을요. 더 도와드릴 일이 있을까요?",
    "goodbye": "전화 주셔서 감사합니다. 안녕히 계세요.",
    "unheard": "죄송합니다, 잘 듣지 못했습니다. 다시 한번 말씀해 주시겠어요?",
    "nothing_said": "아직 드린 말씀이 없습니다. 무엇을 도와드릴까요?",
    "anything_else": "더 도와드릴 일이 있을까요?",
    "dropped": "네, 그대로 두겠습니다. 더 도와드릴 일이 있을까요?",
    "waiting": "아직 확인하고 있습니다. 결과가 나오는 대로 말씀드리겠습니다.",
    "preamble": "잠시만 기다려 주세요.",
    "done": "네, 처리되었습니다.",
    "nothing_found": "찾은 내용이 없습니다.",
    "unknown": "처리가 되었는지 확인하지 못했습니다.",
    "failed": "죄송합니다, 처리하지 못했습니다.",
    "cancelled": "처리하기 전에 중단되었습니다.",
    "yes_no": "무엇을 도와드릴까요?",
    "alright": "네, 알겠습니다. 더 도와드릴 일이 있을까요?",
    "cannot": "죄송합니다, 그 일은 도와드릴 수 없습니다.",
    "human": "죄송합니다, 지금은 직원을 연결해 드릴 수 없습니다.",
    "take_your_time": "네, 천천히 말씀해 주세요.",
    "rephrase": "다른 말로 다시 한번 말씀해 주시겠어요?",
}
_QUESTIONS: Mapping[str, str] = {
    "date": "날짜는 언제가 좋으세요?",
    "time": "몇 시가 좋으세요?",
    "name": "성함이 어떻게 되세요?",
}
_LEADING = [["날짜"], ["이름"], ["date"], ["name"], ["day"], ["요일"], ["city"], ["도시"]]
_CLEAR = [*_LEADING, ["시간"], ["time"], ["성함"], ["환자"]]
_LONGEST_SIGN = 3
_WEEKDAYS = "월화수목금토일"


class Korean:
    """Korean, in the polite style of a service desk."""

    code = "ko"

    def greet(self, role: str | None) -> str:
        """Open the call."""
        return f"안녕하세요, {role}입니다. 무엇을 도와드릴까요?" if role else PHRASES["hello"]

    def ask(self, slot: Slot, *, again: bool) -> str:
        """Ask for a missing value."""
        sorry = "죄송합니다, 잘 알아듣지 못했습니다. " if again else ""
        name = name_slot(slot)
        if slot.kind == "choice" and 1 < len(slot.options) <= 8:
            options = ", ".join(_say_option(self, slot, option) for option in slot.options)
            return f"{sorry}{name}{pick(name, '을', '를')} 골라 주세요: {options}."
        if slot.kind == "flag":
            return f"{sorry}{name}: 예, 아니요로 말씀해 주시겠어요?"
        question = _QUESTIONS.get(slot.kind)
        if question and (len(name.split()) <= 2 or slot.kind == "name"):
            return sorry + question
        hint = self._hint(slot) if again else ""
        return f"{sorry}{name}{pick(name, '을', '를')} 알려 주시겠어요?{hint}"

    def _hint(self, slot: Slot) -> str:
        examples = slot.schema.get("examples")
        return f" 예를 들면 {examples[0]}입니다." if isinstance(examples, list) and examples else ""

    def confirm(self, tool: Tool, arguments: JsonObject) -> str:
        """Say what is about to be done."""
        slots = {slot.name: slot for slot in tool.slots}
        told = [self._tell_argument(slots.get(key), key, value) for key, value in arguments.items()]
        head = f"{_join_moments(self.join(told))}, " if told else ""
        return f"{head}{say_action(tool)} 진행할까요?"

    def _tell_argument(self, slot: Slot | None, key: str, value: JsonValue) -> str:
        """Say one argument: by itself where it is clear what it is, else after its name."""
        said = self.say_value(key, value)
        if slot is not None and slot.kind == "choice":
            said = _say_option(self, slot, value)
        if slot is not None and slot.kind == "name" and is_korean(said):
            return f"{said} 님"
        clear = slot is not None and slot.kind in ("date", "time", "moment", "email", "choice")
        return said if clear else f"{name_slot(slot) if slot else key} {said}"

    def verify(self, values: Sequence[str]) -> str:
        """Ask whether values that were heard unsurely are right."""
        return f"{self.join(values)}, 맞으신가요?"

    def phrase(self, name: str) -> str:
        """Return a fixed phrase."""
        return PHRASES[name]

    def describe_help(self, tools: Sequence[Tool]) -> str:
        """Say what the agent can do."""
        can = ", ".join(dict.fromkeys(name_action(tool) for tool in tools[:6]))
        return (
            f"{can}{pick(can, '을', '를')} 도와드릴 수 있습니다. 무엇을 도와드릴까요?"
            if can
            else PHRASES["hello"]
        )

    def describe_self(self, role: str | None) -> str:
        """Say who the agent is."""
        return f"저는 {role}입니다." if role else "저는 전화를 받는 상담 도우미입니다."

    def tell_failure(self, message: str) -> str:
        """Say that something did not work."""
        return f"{PHRASES['failed']} {_end(message)}" if message else PHRASES["failed"]

    def tell_found(self, count: int) -> str:
        """Introduce several results."""
        return f"모두 {count}건을 찾았습니다."

    def tell_pairs(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """Say keys and values as one sentence."""
        if pairs and _is_statement(pairs[-1][1]):
            return self._tell_statement(pairs, subject)
        told = [self._tell_pair(key, value) for key, value in pairs]
        if not told:
            return _end(subject or "")
        if len(told) > 1 and subject is None and split_name(pairs[0][0]).split()[-1:] in _LEADING:
            told[0] = self.say_value(*pairs[0])
        head = f"{subject}: " if subject else ""
        last = told[-1]
        return f"{head}{', '.join(told)}{'' if last.endswith(('다', '요')) else '입니다'}."

    def _tell_statement(self, pairs: Sequence[tuple[str, JsonValue]], subject: str | None) -> str:
        """Say a result that ends with a sentence of its own: what comes before needs no names then."""
        told = [
            self.say_value(key, value)
            if split_name(key).split()[-1:] in _CLEAR
            else f"{self.say_key(key)} {self.say_value(key, value)}"
            for key, value in pairs[:-1]
        ]
        parts = [*([subject] if subject else []), *told, str(pairs[-1][1])]
        return _end(_join_moments(self.join(parts)))

    def _tell_pair(self, key: str, value: JsonValue) -> str:
        name, said = self.say_key(key), self.say_value(key, value)
        return f"{name}{pick(name, '은', '는')} {said}"

    def say_key(self, key: str) -> str:
        """Say a key of a result."""
        return _translate(key)

    def join(self, parts: Sequence[str]) -> str:
        """Join with commas; the last one too, since particles would depend on the word before."""
        return ", ".join(parts)

    def say_value(self, key: str, value: JsonValue) -> str:
        """Say one value."""
        match value:
            case bool():
                return "예" if value else "아니요"
            case list():
                return self.join([self.say_value(key, entry) for entry in value])
            case dict():
                return self.join(
                    [f"{self.say_key(k)} {self.say_value(k, v)}" for k, v in value.items() if v is not None]
                )
            case str():
                return VALUES.get(value.lower()) or _say_money(value) or say_text(value, _say_date, _say_time)
            case float():
                return say_number(value)
        return str(value)


def _say_option(language: Korean, slot: Slot, option: JsonValue) -> str:
    """Say an option, in the Korean words of the schema where it has some."""
    alias = slot.aliases.get(str(option), "")
    return (
        alias
        if is_korean(alias) or (alias and len(str(option)) <= _LONGEST_SIGN)
        else language.say_value(slot.name, option)
    )


def name_slot(slot: Slot) -> str:
    """Return what a slot is called when it is asked for."""
    head = re.split(r"[,.;:(\n]|입니다|예를 들", slot.description, maxsplit=1)[0].strip()
    if is_korean(head) and len(head) <= 16 and not head.endswith(("다", "요")):
        return head
    return _translate(slot.name)


def name_action(tool: Tool) -> str:
    """Return what a tool does as a noun phrase (예약 취소)."""
    words = split_name(tool.name).split()
    action = next((ACTIONS[word] for word in words[:1] if word in ACTIONS), "")
    topics = [WORDS[word] for word in words[1:] if word in WORDS]
    first = re.split(r"[.(\n]", tool.description, maxsplit=1)[0].strip()
    if is_korean(first) and first.endswith(("합니다", "습니다", "니다")):
        noun = re.sub(r"(?:을|를)?\s?(?:합니다|찾습니다|잡습니다|알려 ?줍니다)$", "", first)
        noun = re.sub(r"[을를] (\S+)$", r" \1", noun)
        if noun != first and len(noun) <= 24 and not action:
            return noun
    return " ".join(dict.fromkeys(part for part in [*topics, action] if part)) or tool.words


def say_action(tool: Tool) -> str:
    """Return what a tool does with the particle that "to go on with" needs."""
    name = name_action(tool)
    return f"{name}{pick(name, '을', '를')}"


def pick(word: str, after_consonant: str, after_vowel: str) -> str:
    """Return the particle that fits the end of a word."""
    last = word[-1:] or "가"
    if "가" <= last <= "힣":
        return after_consonant if (ord(last) - ord("가")) % 28 else after_vowel
    return after_consonant if last.lower() in "013678lmnr" else after_vowel


def _join_moments(text: str) -> str:
    """Say a day and the time that follows it in one breath."""
    return re.sub(r"(요일), (?=오전|오후)", r"\1 ", text)


def _is_statement(value: JsonValue) -> bool:
    """Whether a value is a sentence, such as 예약되었습니다."""
    return isinstance(value, str) and re.search(r"[가-힣](?:니다|어요|아요|세요)[.!]?$", value) is not None


def _translate(name: str) -> str:
    if is_korean(name):
        return name.replace("_", " ")
    return " ".join(WORDS.get(word, word) for word in split_name(name).split())


def _say_date(date: datetime.date) -> str:
    return f"{date.month}월 {date.day}일 {_WEEKDAYS[date.weekday()]}요일"


def _say_time(time: datetime.time) -> str:
    minutes = f" {time.minute}분" if time.minute else ""
    return f"{'오전' if time.hour < 12 else '오후'} {(time.hour - 1) % 12 + 1}시{minutes}"


def _say_money(text: str) -> str | None:
    """Say an amount with its currency ("12000 KRW" → 12,000원), or return None."""
    amount, _, currency = text.partition(" ")
    if currency not in CURRENCIES or not re.fullmatch(r"-?\d+(?:\.\d+)?", amount):
        return None
    whole, _, cents = amount.partition(".")
    return f"{int(whole):,}{'.' + cents if cents.strip('0') else ''}{CURRENCIES[currency]}"


def _end(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
