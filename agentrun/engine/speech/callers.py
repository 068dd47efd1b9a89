"""What callers of a session are likely to say, derived from its tools and instructions alone.

The language is deliberately generous: *[opening] things [closing]*, where the things are built from the
tools' names, descriptions and parameters. It accepts sentences nobody says, which costs little, so that it
need not list the ones that callers do say. English only; see `phrases` for the other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agentrun.engine.speech.grammar import (
    Many,
    Node,
    Rule,
    any_of,
    maybe,
    sample_sentences,
    seq,
    split_phrases,
    split_words,
)
from agentrun.engine.speech.numerals import DATE, QUANTITY, TIME, speak_digits_between, spell
from agentrun.engine.speech.patterns import Code, derive_code, parse_pattern
from agentrun.engine.speech.seams import Hints
from agentrun.wire.json import JsonObject

_SAMPLES = 400
_MAX_OPTIONS = 60
_MAX_ATTRIBUTES = 14

_STOCK = split_phrases(
    "yes | no | yes please | no thanks | no thank you | yeah | nope | yep | sure | okay | that's right | "
    "that is right "
    "| correct | that's correct | that is correct | right | wrong | that's wrong | that is wrong | hello | "
    "hi | hey "
    "| good morning | good afternoon | good evening | thanks | thank you | thank you very much | thanks a "
    "lot | bye "
    "| goodbye | bye bye | good bye | that's all | that is all | that's it | nothing else | please repeat "
    "that "
    "| repeat that please | say that again | can you say that again | can you repeat that | could you "
    "repeat that "
    "| pardon | sorry | excuse me | what did you say | i don't know | i'm not sure | i do not know | never "
    "mind "
    "| wait a moment | one moment | just a moment | hold on | wait | stop | cancel | cancel that | go ahead "
    "| are you still there | can you hear me | can you help me | i need help | help | help me | hang up "
    "| what can you do | who are you | how are you | i want to talk to a human | i want to speak to a person "
    "| can i speak to somebody | can i talk to a human agent | how long will it take | how long does it take "
    "| when will it arrive | where is it | what is the status | is it ready | are you a robot"
)
_LEADS = split_phrases(
    "yes | no | yes please | no thanks | no thank you | okay | hello | hi | well | actually | so | and | "
    "sorry | please | good morning | excuse me | thanks"
)
_ASKS = split_phrases(
    "i want to | i would like to | i'd like to | i need to | can you | could you | can i | could i | may i "
    "| will you | would you | please | can you please | could you please | let me | let's | help me | you can"
)
_WANTS = split_phrases(
    "i want | i would like | i'd like | i need | give me | get me | can i have | can i get | could i have "
    "| i'll have "
    "| i will have | i'll take | make it | make that | what about | how about | tell me about | do you "
    "have | have you got "
    "| is there | are there | i have | i have a question about | i'm calling about | i am calling about | "
    "it's about "
    "| it is about"
)
_QUESTIONS = split_phrases(
    "where is | where are | where's | what is | what's | what are | when is | when are | how is | how are "
    "| how much is | how much are | who is | is | are | has | have | was | did | when will | will | when "
    "does "
    "| what happened to | do you know | can you tell me | tell me | show me | i want to know"
)
_CLOSINGS = split_phrases(
    "please | now | today | thanks | thank you | arrive | come | be ready | be delivered | get here | ready "
    "| delivered | shipped | available | open | free | late | cancelled | done | there | cost "
    "| for me | been shipped | been delivered | been sent | been cancelled | again"
)
_IS_LEADS = split_phrases(
    "it is | it's | that is | that's | this is | the number is | my number is | number | it starts with | "
    "i think it's"
)
_DETERMINERS = split_words("my the a an this that your our another some any one")
_PREPOSITIONS = split_words("with for of on at in to from is and by as about under")
_CODE_LEADS = split_phrases("is | for | it's | it is | number is")
_CONDITION = re.compile(r"\b(?:when|whenever|that|if|which|because|after|before|unless|once)\b.*", re.S)
_STOP_WORDS = frozenset(
    split_words(
        "a an and any are as at be but by can do for from given has have how if in into is it its name not "
        "number of "
        "on one or so than that the their then there this to up use used when where which who why will "
        "with you your "
        "caller callers customer user agent tool function returns return such example e.g. must should "
        "only value "
        "string integer optional required format like say says said ask asks tell tells what never always"
    )
)
_ID_WORDS = frozenset(split_words("id ids number code no num key ref reference identifier"))
_VERBS: dict[str, str] = {
    "lookup": "look up|find|check|track|get|see|show me|tell me",
    "find": "find|look up|look for|search for|check|get|show me|tell me",
    "cancel": "cancel|stop|call off",
    "book": "book|make|schedule|reserve|get|have|arrange",
    "order": "order|get|have|buy|place",
    "create": "create|open|make|file|add|report|start|place",
    "update": "update|change|edit|correct",
    "move": "move|change|reschedule|postpone",
    "remove": "remove|delete|take off|cancel",
    "add": "add|put|include",
    "pay": "pay|pay for|settle",
    "send": "send|mail|email",
}
_VERB_ALIASES = {
    **dict.fromkeys(split_words("look get check track fetch search query show list read status"), "find"),
    **dict.fromkeys(split_words("schedule reserve make arrange"), "book"),
    **dict.fromkeys(split_words("buy purchase place"), "order"),
    **dict.fromkeys(split_words("open file report start submit register"), "create"),
    **dict.fromkeys(split_words("change edit modify set"), "update"),
    **dict.fromkeys(split_words("reschedule postpone"), "move"),
    **dict.fromkeys(split_words("delete drop"), "remove"),
}


@dataclass(frozen=True, slots=True)
class CallerLanguage:
    """What may be said in a session.

    Attributes:
        rule: complete sentences.
        corpus: sentences for the language model that takes over where the rule does not fit.
        codes: how identifiers are written.

    """

    rule: Node
    corpus: tuple[tuple[str, ...], ...]
    codes: tuple[Code, ...]

    def fit(self, text: str) -> str:
        """Bring a code that was heard, such as `AB1234`, into the form the agent expects: `AB-1234`."""
        return next((fitted for code in self.codes if (fitted := code.fit(text)) is not None), text)


def build_language(hints: Hints) -> CallerLanguage:
    """Derive what callers may say from a session's tools and instructions."""
    topics = _Topics()
    for tool in hints.tools:
        _add_tool(topics, tool)
    phrases = [*hints.phrases, *find_phrases(hints)]
    rule = _compose(topics, phrases)
    texts = [hints.instructions, *(str(tool.get("description", "")) for tool in hints.tools)]
    prose = [tuple(tokenise(sentence)) for text in texts for sentence in re.split(r"[.!?\n]+", text)]
    corpus = [*sample_sentences(rule, _SAMPLES), *(sentence for sentence in prose if sentence)]
    return CallerLanguage(rule, tuple(corpus), tuple(topics.codes))


class _Topics:
    """What the tools are about, collected over all of them; dicts keep the order and drop doubles."""

    def __init__(self) -> None:
        self.verbs: dict[str, None] = {}
        self.objects: dict[str, None] = {}
        self.attributes: dict[str, None] = {}
        self.values: dict[Node, None] = {}
        self.spoken_codes: dict[Node, None] = {}
        self.codes: list[Code] = []


def _add_tool(topics: _Topics, tool: JsonObject) -> None:
    name_words = _split_name(str(tool.get("name", "")))
    description = str(tool.get("description") or "")
    first_sentence = re.split(r"[.:;\n]", description)[0]
    verb, *rest = name_words or [""]
    topics.verbs.update(dict.fromkeys(_list_verbs([verb, *first_sentence.lower().split()[:1]])))
    topics.objects.update(dict.fromkeys(_list_objects(" ".join(word for word in rest if word != "up"))))
    topics.objects.update(dict.fromkeys(_list_objects(_find_object(first_sentence))))
    words = [
        word
        for word in tokenise(_CONDITION.sub("", description))
        if word not in _STOP_WORDS and len(word) > 2
    ]
    room = max(0, _MAX_ATTRIBUTES - 2 * len(topics.attributes) // 3)
    topics.attributes.update(dict.fromkeys(word for word in words[:room] if word not in topics.verbs))
    schema = tool.get("parameters") or {}
    for name, parameter in (schema.get("properties") or {}).items():
        if isinstance(parameter, dict):
            _add_parameter(topics, name, parameter)


def _add_parameter(topics: _Topics, name: str, parameter: JsonObject) -> None:
    words = _split_name(name)
    nouns = [word for word in words if word not in _ID_WORDS]
    if nouns:
        topics.objects.update(dict.fromkeys(_list_objects(" ".join(nouns))))
    topics.attributes.update(dict.fromkeys(words))
    for value in _speak_parameter(topics, words, parameter):
        topics.values[value] = None


def _speak_parameter(topics: _Topics, words: list[str], parameter: JsonObject) -> Iterator[Node]:
    """Yield the ways to say a value of a parameter."""
    for inner in (parameter.get("items"), *parameter.get("anyOf", []), *parameter.get("oneOf", [])):
        if isinstance(inner, dict):
            yield from _speak_parameter(topics, words, inner)
    patterned = isinstance(parameter.get("pattern"), str)  # its examples would outweigh all other codes
    examples = [] if patterned else parameter.get("examples", [])
    known = [*parameter.get("enum", []), *examples, parameter.get("const")]
    if options := [speak_text(str(value)) for value in known if isinstance(value, str | int)]:
        yield any_of(*options[:_MAX_OPTIONS])
    if parameter.get("enum"):
        return
    description = str(parameter.get("description") or "")
    kinds, form = set(words), parameter.get("format", "")
    if parameter.get("type") in ("integer", "number"):
        topics.objects.update({f"{noun}s": None for noun in list(topics.objects) if not noun.endswith("s")})
        yield QUANTITY
    elif form in ("date", "time", "date-time") or kinds & {"date", "day", "time", "when", "hour", "slot"}:
        if form != "time" and not kinds & {"time", "hour"}:
            yield DATE
        if form != "date" and not kinds & {"date", "day"}:
            yield TIME
    elif kinds & {"phone", "telephone", "mobile"} or form == "phone":
        yield speak_digits_between(7, None)
    elif codes := _find_codes(parameter, description):
        topics.codes.extend(codes)
        topics.spoken_codes.update(dict.fromkeys(code.speak() for code in codes))


def _find_codes(parameter: JsonObject, description: str) -> list[Code]:
    """Return the form of an identifier from its pattern, else from the examples in its description."""
    pattern = parameter.get("pattern")
    if isinstance(pattern, str) and (code := parse_pattern(pattern)):
        return [code]
    shown = [
        *map(str, parameter.get("examples", [])),
        *re.findall(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", description),
    ]
    found = [code for text in shown if (code := derive_code(text)) and len(text) > 2]
    return list(dict.fromkeys(found))[:3]


def _compose(topics: _Topics, phrases: Iterable[str]) -> Node:
    """Put everything together: stock phrases, known phrases, and [opening] things [closing]."""
    known = [node for phrase in phrases if (node := speak_text(phrase)) != seq()]
    stock = Rule("stock", any_of(*_STOCK, *known[:_MAX_OPTIONS]))
    whole: list[Node] = [stock]
    if topics.objects or topics.values or topics.spoken_codes:
        things = _compose_things(topics)
        attributes = list(topics.attributes)
        about = [_compose_about(attributes)] if attributes else []
        asks = [seq(maybe(any_of(*_ASKS)), any_of(*topics.verbs))] if topics.verbs else []
        opening = any_of(*asks, *_WANTS, seq(any_of(*_QUESTIONS), maybe(any_of(*about))), *_IS_LEADS)
        closing = any_of(*_CLOSINGS, *attributes)
        whole.append(seq(maybe(opening), things, maybe(closing)))
    if topics.verbs:
        whole.append(seq(any_of(*_ASKS), any_of(*topics.verbs), maybe(any_of("it", "that", "one"))))
    return Rule(
        "sentence",
        seq(maybe(any_of(*_LEADS)), any_of(*whole), maybe(any_of("please", "thanks", "thank you"))),
    )


def _compose_about(attributes: list[str]) -> Node:
    """`the status of`, `the price of`, …: a property of the thing that follows."""
    return seq(
        maybe(any_of("the", "about the")),
        any_of(*attributes),
        maybe(any_of("of", "for", "on", "with", "number")),
    )


def _compose_things(topics: _Topics) -> Node:
    """`a large pizza with olives`, `my order number A1001`, `on Monday at three`: things with their "
    "values."""
    code = (
        [Rule("code", seq(maybe(any_of(*_CODE_LEADS)), any_of(*topics.spoken_codes)))]
        if topics.spoken_codes
        else []
    )
    values, tail, before = list(topics.values), [], []
    if values:
        value = Rule("value", any_of(*values))
        tail = [Rule("tail", Many(seq(maybe(any_of(*_PREPOSITIONS)), maybe("the"), value)))]
        before = [maybe(Many(value))]
    options: list[Node] = [*code, *(seq(part, *map(maybe, code)) for part in tail)]
    if topics.objects:
        naming = any_of("number") if code else any_of("is")
        thing = seq(maybe(any_of(*_DETERMINERS)), *before, any_of(*topics.objects), maybe(naming))
        options.append(seq(thing, *map(maybe, code), *map(maybe, tail)))
    return any_of(*options)


def speak_text(text: str) -> Node:
    """Return the ways to say a written text: words as they are, codes and numbers spelled."""
    parts: list[Node] = []
    for token in re.findall(r"[A-Za-z0-9]+(?:['’.-][A-Za-z0-9]+)*", text):
        if any(char.isdigit() for char in token) or (token.isupper() and 1 < len(token) <= 3):
            parts.append(spell(token))
        else:
            parts.extend(tokenise(token))
    return seq(*parts)


def tokenise(text: str) -> list[str]:
    """Return the words of a text in the spelling of the pronouncing dictionary; numbers are left out."""
    return [
        word.strip("'")
        for word in re.findall(r"[a-z][a-z']*", text.lower().replace("’", "'"))
        if word.strip("'")
    ]


def find_phrases(hints: Hints) -> list[str]:
    """Return what stands in double quotes in the instructions and descriptions: usually said by somebody."""
    texts = [hints.instructions, *(str(tool.get("description", "")) for tool in hints.tools)]
    return [phrase for text in texts for phrase in re.findall(r"[\"“]([^\"”\n]{2,80})[\"”]", text)]


def _split_name(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def _list_verbs(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        verb = word if word in _VERBS or word in _VERB_ALIASES else word.removesuffix("s")
        if not re.fullmatch(r"[a-z]+", verb) or verb in _STOP_WORDS:
            continue
        yield from _VERBS.get(_VERB_ALIASES.get(verb, verb), verb).split("|")


def _find_object(sentence: str) -> str:
    """Return the noun after the verb: `Look up the orders of a caller` gives `orders`."""
    words = tokenise(sentence)[1:]
    while words and words[0] in ("up", "for", "out", "new", "whether", "about", *_DETERMINERS):
        words = words[1:]
    end = next((at for at, word in enumerate(words) if word in _STOP_WORDS), len(words))
    return " ".join(words[: min(end, 3)])


def _list_objects(noun: str) -> Iterator[str]:
    if not re.fullmatch(r"[a-z' ]+", noun):
        return
    yield noun
    if noun.endswith("s") and not noun.endswith("ss"):
        yield noun.removesuffix("s")
