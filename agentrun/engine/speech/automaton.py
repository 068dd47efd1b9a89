"""From a grammar to the smallest network of words that accepts the same sentences.

The recogniser's own compiler of grammars keeps every option as a path of its own, and then walks all of them
for every 10 ms of sound. As a minimal deterministic network the same grammar has a small part of the paths:
that is the difference between an answer at once and one after many seconds.

States are built from the end of the sentence to its beginning. A state is nothing but its edges, so equal
states are one and the same from the start, and the network is minimal at every step. That only works without
loops; `Many` is therefore unrolled to `LONGEST_RUN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from agentrun.engine.speech.grammar import Choice, Many, Node, Optional, Rule, Sequence

LONGEST_RUN = 16
"""How often a repeated part can be said."""
Arc: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Automaton:
    """A deterministic network of words.

    Attributes:
        edges: for each state, the words that may follow and the states they lead to.
        start: where a sentence begins.
        accepting: the states where a sentence may end.

    """

    edges: tuple[dict[str, int], ...]
    start: int
    accepting: frozenset[int]

    def accepts(self, words: Iterable[str]) -> bool:
        """Tell whether these words are a sentence."""
        state: int | None = self.start
        for word in words:
            state = self.edges[state].get(word) if state is not None else None
        return state in self.accepting

    def list_arcs(self) -> list[Arc]:
        """Return every edge as its state, the state it leads to, and its word."""
        return [(state, to, word) for state, words in enumerate(self.edges) for word, to in words.items()]

    def list_chances(self) -> list[float]:
        """Return for each state the probability of each way on, ending there included: all are equal."""
        return [1 / max(1, len(words) + (state in self.accepting)) for state, words in enumerate(self.edges)]


def compile_automaton(root: Node) -> Automaton:
    """Return the minimal network of a grammar; the grammar must not be recursive."""
    builder = _Builder()
    start = builder.prepend(root, builder.end)
    return builder.cut_out(start)


class _Builder:
    """States by number; each is its edges and whether a sentence may end there."""

    def __init__(self) -> None:
        self._edges: list[dict[str, int]] = []
        self._final: list[bool] = []
        self._numbers: dict[tuple[bool, frozenset[tuple[str, int]]], int] = {}
        self._unions: dict[tuple[int, int], int] = {}
        self._before: dict[tuple[int, int], int] = {}  # grammar nodes are known by identity
        self.end = self._intern({}, final=True)

    def prepend(self, node: Node, after: int) -> int:
        """Return the state from which `node` and then everything from state `after` can be said."""
        if isinstance(node, str):
            return self._intern({node: after}, final=False)
        key = (id(node), after)
        if key not in self._before:
            self._before[key] = self._prepend(node, after)
        return self._before[key]

    def _prepend(self, node: Node, after: int) -> int:
        match node:
            case Sequence(parts):
                for part in reversed(parts):
                    after = self.prepend(part, after)
                return after
            case Choice(options):
                return self._unite(self.prepend(option, after) for option in options)
            case Optional(part):
                return self._unite((self.prepend(part, after), after))
            case Many(part):
                state = self.prepend(part, after)
                for _ in range(LONGEST_RUN - 1):
                    state = self._unite((self.prepend(part, state), self.prepend(part, after)))
                return state
            case Rule(_, body):
                return self.prepend(body, after)
            case str():
                raise AssertionError("a word is handled by the caller")
            case _:
                assert_never(node)

    def cut_out(self, start: int) -> Automaton:
        """Return what can be reached from a state, numbered afresh from 0."""
        numbers, order = {start: 0}, [start]
        for state in order:  # grows on the way
            for to in self._edges[state].values():
                if to not in numbers:
                    numbers[to] = len(numbers)
                    order.append(to)
        edges = tuple({word: numbers[to] for word, to in self._edges[state].items()} for state in order)
        return Automaton(edges, 0, frozenset(numbers[state] for state in order if self._final[state]))

    def _intern(self, edges: dict[str, int], *, final: bool) -> int:
        key = (final, frozenset(edges.items()))
        if key not in self._numbers:
            self._numbers[key] = len(self._edges)
            self._edges.append(dict(sorted(edges.items())))
            self._final.append(final)
        return self._numbers[key]

    def _unite(self, states: Iterable[int]) -> int:
        """Return the state from which all can be said that can be said from any of these."""
        todo = list(dict.fromkeys(states)) or [self._intern({}, final=False)]
        while len(todo) > 1:  # in pairs, so that small states meet small ones
            todo = [
                self._unite_two(todo[at], todo[at + 1]) if at + 1 < len(todo) else todo[at]
                for at in range(0, len(todo), 2)
            ]
        return todo[0]

    def _unite_two(self, one: int, other: int) -> int:
        if one == other:
            return one
        key = (min(one, other), max(one, other))
        if key not in self._unions:
            edges = dict(self._edges[one])
            for word, to in self._edges[other].items():
                edges[word] = self._unite_two(edges[word], to) if word in edges else to
            self._unions[key] = self._intern(edges, final=self._final[one] or self._final[other])
        return self._unions[key]
