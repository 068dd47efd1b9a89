"""Rules for what may be said, as values: rendered as JSGF for the recogniser, sampled for its language model.

JSGF is the Java Speech Grammar Format, https://www.w3.org/TR/jsgf/. A word is a token of the pronouncing
dictionary. Words that begin with `_` or `%` are ours: they sound like the word behind the mark and remember
what it meant, see `numerals`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Sequence:
    """Its parts one after the other; an empty one says nothing."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of its options."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Optional:
    """Its part or nothing."""

    part: Node


@dataclass(frozen=True, slots=True)
class Many:
    """Its part once or several times."""

    part: Node


@dataclass(frozen=True, slots=True)
class Rule:
    """A part with a name: written once in the grammar, however often it is used."""

    name: str
    body: Node


Node: TypeAlias = str | Sequence | Choice | Optional | Many | Rule


def seq(*parts: Node) -> Node:
    """Return the parts in a row; text with spaces is split into its words."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.split() if isinstance(part, str) else [part])
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def any_of(*options: Node) -> Node:
    """Return a choice without doubles; text with spaces is a row of words."""
    unique = tuple(dict.fromkeys(seq(option) if isinstance(option, str) else option for option in options))
    return unique[0] if len(unique) == 1 else Choice(unique)


def maybe(*parts: Node) -> Node:
    """Return the parts in a row, or nothing."""
    return Optional(seq(*parts))


def render_jsgf(root: Node) -> str:
    """Return a grammar whose public rule is `root`."""
    rules: dict[str, str] = {}
    public = _render(root, rules)
    lines = ["#JSGF V1.0 UTF-8;", "grammar caller;", f"public <said> = {public};"]
    return "\n".join([*lines, *(f"<{name}> = {body};" for name, body in rules.items())]) + "\n"


def _render(node: Node, rules: dict[str, str]) -> str:
    match node:
        case str():
            return node
        case Sequence(parts):
            return " ".join(_render(part, rules) for part in parts)
        case Choice(options):
            return "(" + " | ".join(_render(option, rules) for option in options) + ")"
        case Optional(part):
            return f"[ {_render(part, rules)} ]"
        case Many(part):
            return f"( {_render(part, rules)} )+"
        case Rule(name, body):
            if name not in rules:
                rules[name] = ""  # keeps the place, and ends a recursion
                rules[name] = _render(body, rules)
            return f"<{name}>"
        case _:
            assert_never(node)


def list_words(node: Node) -> Iterator[str]:
    """Yield every word of a rule, with repetitions."""
    match node:
        case str():
            yield node
        case Sequence(nodes) | Choice(nodes):
            for inner in nodes:
                yield from list_words(inner)
        case Optional(part) | Many(part) | Rule(_, part):
            yield from list_words(part)
        case _:
            assert_never(node)


def sample(node: Node, chance: random.Random) -> Iterator[str]:
    """Yield the words of one sentence of a rule."""
    match node:
        case str():
            yield node
        case Sequence(parts):
            for part in parts:
                yield from sample(part, chance)
        case Choice(options):
            yield from sample(chance.choice(options), chance)
        case Optional(part):
            if chance.random() < 0.4:
                yield from sample(part, chance)
        case Many(part):
            yield from sample(part, chance)
            while chance.random() < 0.3:
                yield from sample(part, chance)
        case Rule(_, body):
            yield from sample(body, chance)
        case _:
            assert_never(node)


def sample_sentences(node: Node, count: int, seed: int = 1) -> list[tuple[str, ...]]:
    """Return that many sentences of a rule; the same ones every time."""
    chance = random.Random(seed)
    return [tuple(sample(node, chance)) for _ in range(count)]


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a table that is written as text."""
    return tuple(text.split())


def split_phrases(text: str) -> tuple[str, ...]:
    """Return the phrases of a table that is written as text, with bars between them."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))
