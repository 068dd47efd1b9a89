"""What one tool is about, read from its name, description and parameters: verbs, nouns and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agentrun.engine.speech.grammar import Node, any_of, seq, split_words
from agentrun.engine.speech.numerals import DATE, QUANTITY, TIME, WEEKDAYS, speak_digits_between, spell
from agentrun.engine.speech.patterns import Code, derive_code, parse_pattern
from agentrun.engine.speech.wording import (
    CONTENT_STOPS,
    DETERMINERS,
    ID_WORDS,
    OPPOSITES,
    VERB_ALIASES,
    VERBS,
)
from agentrun.wire.json import JsonObject

_MAX_OPTIONS = 60
_MAX_ATTRIBUTES = 14
_MAX_NOUNS = 12
_NOUN = re.compile(r"\b(?:an?|the|this|their|its|your|of|new)\s+([a-z]+)")
_DAY_WORDS = frozenset(split_words("date day when deadline"))
_TIME_WORDS = frozenset(split_words("time hour slot when"))
_PHONE_WORDS = frozenset(split_words("phone telephone mobile"))
_CONDITION = re.compile(r"\b(?:whenever|if|because|unless|once|leave)\b.*", re.S)


@dataclass(slots=True)
class Topic:
    """What callers may say about one tool; dicts keep the order and drop doubles.

    Attributes:
        verbs: what it does: `cancel`, `call off`.
        nouns: what it does it to: `order`, `delivery date`.
        attributes: other words of its description: `status`, `open`.
        values: ways to say the values that stand anywhere: `large`, `two`.
        days: ways to say its days and times, which follow at the end: `to Friday`.
        codes: the forms of its identifiers.

    """

    verbs: dict[str, None] = field(default_factory=dict)
    nouns: dict[str, None] = field(default_factory=dict)
    attributes: dict[str, None] = field(default_factory=dict)
    values: dict[Node, None] = field(default_factory=dict)
    days: dict[Node, None] = field(default_factory=dict)
    codes: dict[Code, None] = field(default_factory=dict)

    @property
    def spoken_codes(self) -> list[Node]:
        """The ways to say its identifiers."""
        return [code.speak() for code in self.codes]


def read_topic(tool: JsonObject) -> Topic:
    """Read one function tool as it stands on the wire."""
    topic = Topic()
    name, description = split_name(str(tool.get("name", ""))), str(tool.get("description") or "")
    first_sentence = tokenise(re.split(r"[.:;\n]", description)[0])
    topic.verbs.update(dict.fromkeys(_list_verbs([*name[:1], *first_sentence[:1]])))
    rest = name[1:] if name and _is_verb(name[0]) else name
    _add_nouns(topic, " ".join(word for word in rest if word != "up"))
    properties = (tool.get("parameters") or {}).get("properties") or {}
    for parameter_name, parameter in properties.items():
        if isinstance(parameter, dict):
            _add_parameter(topic, parameter_name, parameter)
    text = _CONDITION.sub("", description.lower())
    for noun in (*_find_object(first_sentence), *_NOUN.findall(description.lower())):
        if noun not in CONTENT_STOPS and len(topic.nouns) < _MAX_NOUNS:
            _add_nouns(topic, noun)
    words = [word for word in tokenise(text) if word not in CONTENT_STOPS and len(word) > 2]
    for word in words[:_MAX_ATTRIBUTES]:
        if word not in topic.verbs:
            topic.attributes.update(dict.fromkeys((word, *OPPOSITES.get(word, ()))))
    return topic


def _add_nouns(topic: Topic, noun: str) -> None:
    words = noun.split()
    if not words or not re.fullmatch(r"[a-z' ]+", noun):
        return
    for text in (noun, words[-1], *([words[0]] if len(words) == 2 and words[0] not in OPPOSITES else [])):
        topic.nouns[text] = None
        if text.endswith("s") and not text.endswith(("ss", "us", "is")):
            topic.nouns[text.removesuffix("s")] = None


def _add_parameter(topic: Topic, name: str, parameter: JsonObject) -> None:
    words = split_name(name)
    nouns = [word for word in words if word not in ID_WORDS]
    if nouns:
        _add_nouns(topic, " ".join(nouns))
    topic.attributes.update(dict.fromkeys(words))
    for value in _speak_parameter(topic, words, parameter):
        topic.values[value] = None


def _speak_parameter(topic: Topic, words: list[str], parameter: JsonObject) -> Iterator[Node]:
    """Yield the ways to say a value of a parameter; identifiers go to the topic's codes."""
    for inner in (parameter.get("items"), *parameter.get("anyOf", []), *parameter.get("oneOf", [])):
        if isinstance(inner, dict):
            yield from _speak_parameter(topic, words, inner)
    patterned = isinstance(parameter.get("pattern"), str)  # its examples would outweigh all other codes
    examples = [] if patterned else parameter.get("examples", [])
    known = [*parameter.get("enum", []), *examples, parameter.get("const")]
    if options := [speak_value(str(value)) for value in known if isinstance(value, str | int)]:
        if set(WEEKDAYS) <= {option for option in options if isinstance(option, str)}:
            topic.days[DATE] = None
            topic.days[any_of(*(f"{day}s" for day in WEEKDAYS))] = None
            return
        yield any_of(*options[:_MAX_OPTIONS])
    if parameter.get("enum"):
        return
    kinds, form = set(words), str(parameter.get("format", ""))
    if parameter.get("type") in ("integer", "number"):
        topic.nouns.update({f"{noun}s": None for noun in list(topic.nouns) if not noun.endswith("s")})
        yield QUANTITY
    elif form in ("date", "time", "date-time") or (not patterned and kinds & (_DAY_WORDS | _TIME_WORDS)):
        if form != "time" and (form or kinds & _DAY_WORDS):
            topic.days[DATE] = None
        if form != "date" and (form or kinds & _TIME_WORDS):
            topic.days[TIME] = None
    elif kinds & _PHONE_WORDS or form == "phone":
        yield speak_digits_between(7, None)
    else:
        topic.codes.update(dict.fromkeys(_find_codes(parameter)))


def _find_codes(parameter: JsonObject) -> list[Code]:
    """Return the form of an identifier from its pattern, else from the examples in its description."""
    pattern = parameter.get("pattern")
    if isinstance(pattern, str) and (code := parse_pattern(pattern)):
        return [code]
    description = str(parameter.get("description") or "")
    shown = [
        *map(str, parameter.get("examples", [])),
        *re.findall(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", description),
    ]
    found = [code for text in shown if (code := derive_code(text)) and len(text) > 2]
    return list(dict.fromkeys(found))[:3]


def speak_value(text: str) -> Node:
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
    found = re.findall(r"[a-z][a-z']*", text.lower().replace("’", "'"))
    return [word.strip("'") for word in found if word.strip("'")]


def split_name(name: str) -> list[str]:
    """Return the words of an identifier such as `lookup_order` or `lookupOrder`."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def _is_verb(word: str) -> bool:
    return word in VERBS or word in VERB_ALIASES or word in CONTENT_STOPS or not word.endswith("ing")


def _list_verbs(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        verb = word if word in VERBS or word in VERB_ALIASES else word.removesuffix("s")
        if verb in CONTENT_STOPS or not verb or verb.endswith("ing"):
            continue
        yield from VERBS.get(VERB_ALIASES.get(verb, verb), verb).split("|")


def _find_object(sentence: list[str]) -> Iterator[str]:
    """Yield the noun after the verb: `look up the orders of a caller` gives `orders`."""
    words = sentence[1:]
    while words and words[0] in ("up", "for", "out", "new", "whether", "about", "where", *DETERMINERS):
        words = words[1:]
    end = next((at for at, word in enumerate(words) if word in CONTENT_STOPS), len(words))
    if 0 < end <= 3:
        yield " ".join(words[:end])
