"""What callers of a session are likely to say, derived from its tools and instructions alone.

Each tool gives sentences of its own, in which only its own values can stand: a tool that takes no date adds
no sentence with a date. So an order number is not mistaken for a day in August, and the network of words
stays small. English only; see `phrases` for the other languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agentrun.engine.speech import wording
from agentrun.engine.speech.grammar import Node, Rule, any_of, maybe, sample_sentences, seq
from agentrun.engine.speech.numerals import write_out
from agentrun.engine.speech.patterns import Code
from agentrun.engine.speech.seams import Hints
from agentrun.engine.speech.topics import Topic, read_topic, speak_value, tokenise

_SAMPLES = 300
_MAX_PHRASES = 60
_MAX_TOOLS = 24


@dataclass(frozen=True, slots=True)
class CallerLanguage:
    """What may be said in a session.

    Attributes:
        rule: complete sentences.
        corpus: sentences for the language model that takes over where the rule does not fit.
        write: puts recognised words down as a caller would type them.

    """

    rule: Node
    corpus: tuple[tuple[str, ...], ...]
    write: Callable[[list[str]], str]


def build_language(hints: Hints) -> CallerLanguage:
    """Derive what callers may say from a session's tools and instructions."""
    topics = [read_topic(tool) for tool in hints.tools[:_MAX_TOOLS]]
    rule = _compose(topics, [*hints.phrases, *find_phrases(hints)])
    texts = [hints.instructions, *(str(tool.get("description", "")) for tool in hints.tools)]
    prose = [tuple(tokenise(sentence)) for text in texts for sentence in re.split(r"[.!?\n]+", text)]
    corpus = [*sample_sentences(rule, _SAMPLES), *(sentence for sentence in prose if sentence)]
    codes = tuple(code for topic in topics for code in topic.codes)
    return CallerLanguage(rule, tuple(corpus), lambda words: write_sentence(words, codes))


def write_sentence(words: list[str], codes: Iterable[Code] = ()) -> str:
    """Write a sentence with a capital and a full stop; a code such as `AB1234` gets its form `AB-1234`."""

    def fit(text: str) -> str:
        return next((fitted for code in codes if (fitted := code.fit(text)) is not None), text)

    written = ["I" + word[1:] if word == "i" or word.startswith("i'") else word for word in words]
    text = write_out(written, fit)
    if not text:
        return ""
    asks = text.split(maxsplit=1)[0].lower() in wording.QUESTION_WORDS
    return f"{text[0].upper()}{text[1:]}{'?' if asks else '.'}"


def _compose(topics: list[Topic], phrases: Iterable[str]) -> Node:
    """Put everything together: [lead] stock phrases, known phrases, requests and answers [thanks]."""
    known = [node for phrase in phrases if (node := speak_value(phrase)) != seq()]
    whole: list[Node] = [any_of(*wording.STOCK, *known[:_MAX_PHRASES])]
    for topic in topics:
        whole += _compose_requests(topic)
    whole += _compose_answers(topics)
    lead, thanks = maybe(any_of(*wording.LEADS)), maybe(any_of(*wording.POLITE))
    return Rule("sentence", seq(lead, any_of(*whole), thanks))


def _compose_requests(topic: Topic) -> list[Node]:
    """What callers ask a tool for: `cancel my order A1001`, `where is it`, `are you open on Sundays`."""
    details = _compose_details(topic)
    verbs = [any_of(*topic.verbs)] if topic.verbs else []
    asks = maybe(any_of(*wording.ASKS))
    requests: list[Node] = [seq(asks, verb, any_of("it", "that", "one"), details) for verb in verbs]
    requests += [seq(any_of(*wording.ASKS), verb, details) for verb in verbs]
    if topic.nouns or topic.codes:
        thing = _compose_thing(topic)
        target = seq(maybe(_compose_about(topic)), thing) if topic.attributes else thing
        requests += [seq(asks, verb, target, maybe("for me"), details) for verb in verbs]
        requests += [
            seq(maybe(any_of(*wording.WANTS)), target, details),
            seq(any_of(*wording.QUESTIONS, *wording.KNOW), target, details, maybe(any_of(*wording.STATES))),
            seq(any_of(*wording.WHEN_QUESTIONS), thing, any_of(*wording.HAPPENINGS), details),
            seq(
                any_of(*wording.KNOW),
                any_of(*wording.KNOW_QUESTIONS),
                thing,
                maybe(any_of("is", *wording.STATES)),
            ),
        ]
    if topic.attributes and not topic.codes:
        business = seq(any_of(*wording.BUSINESS_QUESTIONS), any_of(*topic.attributes))
        requests.append(seq(business, details))
    return requests


def _compose_about(topic: Topic) -> Node:
    """`the status of`, `the price of`, …: a property of the thing that follows."""
    return seq(maybe("the"), any_of(*topic.attributes), any_of("of", "for", "on"))


def _compose_thing(topic: Topic) -> Node:
    """`a large pizza`, `my order number A1001`: a thing, with its code if it has one."""
    codes = [any_of(*topic.spoken_codes)] if topic.codes else []
    things: list[Node] = [*codes]
    if topic.nouns:
        value = [any_of(*topic.values)] if topic.values else []
        before = [maybe(part, maybe(part)) for part in value]
        named = [maybe(maybe(any_of(*wording.NUMBER_WORDS)), code) for code in codes]
        things.append(seq(maybe(any_of(*wording.DETERMINERS)), *before, any_of(*topic.nouns), *named))
    return any_of(*things)


def _compose_details(topic: Topic) -> Node:
    """`with olives and extra cheese`, `to Monday at three`: values of the tool, its days at the end."""
    value = [seq(maybe(any_of(*wording.PREPOSITIONS)), any_of(*topic.values))] if topic.values else []
    values = [maybe(part, maybe(part, maybe(part))) for part in value]
    days = list(topic.days)
    first = [seq(maybe(any_of(*wording.DAY_PREPOSITIONS)), any_of(*days))] if days else []
    second = [maybe(first[0])] if len(days) > 1 else []
    return seq(*values, *(maybe(part, *second) for part in first))


def _compose_answers(topics: list[Topic]) -> list[Node]:
    """What callers say when they are asked for a value: `it's A1001`, `on Monday`, `two please`."""
    codes = list(dict.fromkeys(code for topic in topics for code in topic.spoken_codes))
    nouns = list(dict.fromkeys(noun for topic in topics if topic.codes for noun in topic.nouns))
    leads = any_of(*wording.IS_LEADS)
    answers: list[Node] = []
    if codes:
        naming = seq(maybe(any_of("my", "the")), any_of(*nouns), maybe(any_of(*wording.NUMBER_WORDS)))
        answers.append(seq(maybe(any_of(leads, naming) if nouns else leads), any_of(*codes)))
    for topic in topics:
        answers.append(seq(maybe(leads), _compose_details(topic)))
    return answers


def find_phrases(hints: Hints) -> list[str]:
    """Return what stands in double quotes in the instructions and descriptions: usually said by somebody."""
    texts = [hints.instructions, *(str(tool.get("description", "")) for tool in hints.tools)]
    return [phrase for text in texts for phrase in re.findall(r"[\"“]([^\"”\n]{2,80})[\"”]", text)]
