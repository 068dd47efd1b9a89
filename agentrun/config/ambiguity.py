"""How slow can a regular expression get? Answered by looking at its automaton.

Python's `re` tries one way through the expression after the other. A text of length n has exponentially many
ways exactly if the automaton has a state from which two different ways lead back to it over the same text
(Weber and Seidl, "On the degree of ambiguity of finite automata"): `(a+)+`, `(a|a)*`, `(\\s*\\w+)*`; not
`(\\d+,)*`, where the comma decides. The automaton is Glushkov's: its states are the characters of the
expression, and an edge says which may follow which. Two loops that yield the same edge are two ways.

Short of that, loops in a row that take the same character share a run of it in a polynomial number of ways:
`.*.*=` tries n² of them from each of n starts. Quadratic time is what any search with one loop may take
(`\\s+$`) and does no harm on what is said in a call; from cubic on, a page of text takes minutes.

Simplifications, all towards silence: repeats of less than ten times count as once (as three times if a loop
is inside), and back references match nothing. Expressions with very many states are not looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from re import _constants as sre  # type: ignore[attr-defined]  # no public way to the parsed expression
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MOST_STATES = 120
CUBIC = 3
_LOOP_FROM = 10
_ENDLESS_FROM = 1000
_SAMPLES = "aZ0_ -.,\n가é"


class _TooLarge(Exception):
    """The expression has more states than are looked at."""


def is_exponential(pattern: str) -> bool:
    """Return whether some text makes the expression take exponential time.

    Raises:
        re.error: the expression is not valid.

    """
    automaton = _Automaton(_collect_letters(pattern))
    parsed = _parser.parse(pattern)
    try:
        automaton.read(parsed)
    except _TooLarge:
        return False
    return automaton.has_twin_edge() or automaton.has_twin_cycle()


def _collect_letters(pattern: str) -> str:
    """Return characters that tell apart everything the expression tells apart (escapes included)."""
    near = {chr(ord(c) + step) for c in pattern for step in (-1, 0, 1) if 0 < ord(c) + step < 0x10FFFF}
    return "".join(sorted({*near, *_SAMPLES}))


def find_degree(pattern: str) -> int:
    """Return the power of a text's length that the time to search it may grow with; at least 1.

    Only runs of one character are looked for, and only loops without a bound to speak of count.

    Raises:
        re.error: the expression is not valid.

    """
    automaton = _Automaton(_collect_letters(pattern))
    parsed = _parser.parse(pattern)
    try:
        whole = automaton.read(parsed)
    except _TooLarge:
        return 1
    nodes = list(parsed)
    anchored = bool(nodes) and nodes[0] in (
        (sre.AT, sre.AT_BEGINNING_STRING),
        *(() if parsed.state.flags & re.MULTILINE else ((sre.AT, sre.AT_BEGINNING),)),
    )
    # A loop with which the expression may end at once takes what it likes and is not asked again.
    ends = frozenset() if nodes and nodes[-1][0] in _CONDITIONS else frozenset(whole.last)
    return max(1, automaton.count_loops(ends, frozenset() if anchored else frozenset(whole.first)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the expression: states it may start and end with, and how many ways it has to be empty.

    A state stands among `first` and `last` once for each way to get there.
    """

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    empty: int = 1


@dataclass(slots=True)
class _Automaton:
    """Glushkov's automaton, built piece by piece.

    Attributes:
        letters: the alphabet.
        accepts: for each state the letters that it takes.
        edges: how many ways lead from one state to the next.
        settled: edges inside pieces that never give back what they took; of their ways only one is tried.
        endless: edges of loops without a bound to speak of.

    """

    letters: str
    accepts: list[frozenset[str]] = field(default_factory=list)
    edges: Counter[tuple[int, int]] = field(default_factory=Counter)
    settled: set[tuple[int, int]] = field(default_factory=set)
    endless: set[tuple[int, int]] = field(default_factory=set)

    def read(self, nodes: Iterable[tuple[Any, Any]]) -> _Part:
        """Add a sequence of parsed nodes."""
        part = _Part()
        for kind, value in nodes:
            part = self._follow(part, self._read_node(kind, value))
        return part

    def _read_node(self, kind: Any, value: Any) -> _Part:
        if kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            return self._repeat(value, once=kind is sre.POSSESSIVE_REPEAT)
        if kind is sre.SUBPATTERN:
            return self.read(value[3])
        if kind is sre.ATOMIC_GROUP:
            return self._settle(value)
        if kind is sre.BRANCH:
            return self._join([self.read(branch) for branch in value[1]])
        if kind in (sre.ASSERT, sre.ASSERT_NOT):
            self.read(value[1])  # it has ways of its own, and takes no letters from the text
            return _Part()
        if kind is sre.GROUPREF_EXISTS:
            return self._join([self.read(branch or ()) for branch in value[1:]])
        if kind in (sre.AT, sre.GROUPREF):
            return _Part()
        return self._add_state(kind, value)

    def _repeat(self, value: tuple[Any, Any, Any], *, once: bool) -> _Part:
        least, most, inner = value
        before = len(self.endless)
        part = self._settle(inner) if once else self.read(inner)
        if 1 < int(most) < _LOOP_FROM and len(self.endless) > before:
            for number in range(2, min(int(most), CUBIC) + 1):
                copy = self.read(inner)
                part = self._follow(part, copy if number <= least else replace(copy, empty=1))
        if most is sre.MAXREPEAT or int(most) >= _LOOP_FROM:
            self._link(part.last, part.first)
            round_again = {(last, first) for last in part.last for first in part.first}
            if once:
                self.settled |= round_again
            elif most is sre.MAXREPEAT or int(most) >= _ENDLESS_FROM:
                self.endless |= round_again
        return _Part(part.first, part.last, 1 if part.empty or least == 0 else 0)

    def _settle(self, inner: Any) -> _Part:
        before = set(self.edges)
        part = self.read(inner)
        self.settled |= self.edges.keys() - before
        return part

    def _follow(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        first = _bound(one.first + other.first * one.empty)
        last = _bound(one.last * other.empty + other.last)
        return _Part(first, last, min(one.empty * other.empty, 2))

    def _join(self, parts: Sequence[_Part]) -> _Part:
        first = _bound(state for part in parts for state in part.first)
        last = _bound(state for part in parts for state in part.last)
        return _Part(first, last, min(sum(part.empty for part in parts), 2))

    def _link(self, sources: Iterable[int], targets: Sequence[int]) -> None:
        for source in sources:
            for target in targets:
                self.edges[source, target] += 1

    def _add_state(self, kind: Any, value: Any) -> _Part:
        if len(self.accepts) == MOST_STATES:
            raise _TooLarge
        self.accepts.append(frozenset(c for c in self.letters if _accepts(kind, value, c)))
        state = len(self.accepts) - 1
        return _Part((state,), (state,), 0)

    def _cycles(self) -> list[int]:
        """Return for each state the number of its cycle; states of one number can reach each other."""
        following: dict[int, list[int]] = {}
        for source, target in self.edges:
            following.setdefault(source, []).append(target)
        return _number_components(range(len(self.accepts)), lambda state: following.get(state, ()))

    def count_loops(self, ends: frozenset[int], starts: frozenset[int]) -> int:
        """Return how many loops at most stand in a row that can share a run of one character.

        Args:
            ends: states whose loops do not count.
            starts: states that are tried at every place of the text, which is one more loop.

        """
        loops = {
            state
            for state in range(len(self.accepts))
            if (state, state) in self.endless - self.settled and state not in ends
        }
        # States are numbered as they stand in the expression: without going round, edges lead forwards.
        ahead: dict[int, list[int]] = {}
        for source, target in self.edges:
            if source < target:
                ahead.setdefault(source, []).append(target)
        letters = frozenset[str]().union(*(self.accepts[state] for state in loops))

        def count_chain(letter: str) -> int:
            longest: dict[int, int] = {}
            for state in reversed(range(len(self.accepts))):
                if letter in self.accepts[state]:
                    rest = max((longest.get(target, 0) for target in ahead.get(state, ())), default=0)
                    longest[state] = rest + (state in loops)
            return max((n + (n > 0 and state in starts) for state, n in longest.items()), default=0)

        return max(map(count_chain, letters), default=0)

    def has_twin_edge(self) -> bool:
        """Return whether two loops yield the same edge within a cycle."""
        cycle = self._cycles()
        return any(
            ways > 1 and cycle[source] == cycle[target] and (source, target) not in self.settled
            for (source, target), ways in self.edges.items()
        )

    def has_twin_cycle(self) -> bool:
        """Return whether two different ways lead from a state back to it over the same text."""
        cycle = self._cycles()
        following: dict[int, list[int]] = {}
        for source, target in self.edges:
            if cycle[source] == cycle[target]:
                following.setdefault(source, []).append(target)
        count = len(self.accepts)

        def step(pair: int) -> Iterator[int]:
            one, other = divmod(pair, count)
            for left in following.get(one, ()):
                for right in following.get(other, ()):
                    if self.accepts[left] & self.accepts[right]:
                        yield left * count + right

        numbers = _number_components(range(count * count), step)
        straight = {numbers[state * count + state] for state in range(count) if state in following}
        return any(
            numbers[one * count + other] in straight
            for one in following
            for other in following
            if one != other
        )


def _bound(states: Iterable[int]) -> tuple[int, ...]:
    """Return the states, none more than twice: two ways are as bad as twenty."""
    return tuple(state for state, ways in Counter(states).items() for _ in range(min(ways, 2)))


_CONDITIONS = (sre.AT, sre.ASSERT, sre.ASSERT_NOT)


def _accepts(kind: Any, value: Any, letter: str) -> bool:
    match kind:
        case sre.LITERAL:
            return bool(chr(value) == letter)
        case sre.NOT_LITERAL:
            return bool(chr(value) != letter)
        case sre.ANY:
            return True
        case sre.RANGE:
            return bool(value[0] <= ord(letter) <= value[1])
        case sre.CATEGORY:
            return re.match(_CATEGORIES[value], letter) is not None
        case sre.IN:
            negated = value[0][0] is sre.NEGATE
            rest = value[1:] if negated else value
            return negated != any(_accepts(part, inner, letter) for part, inner in rest)
    return False


_CATEGORIES = {
    sre.CATEGORY_DIGIT: r"\d",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_SPACE: r"\s",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_WORD: r"\w",
    sre.CATEGORY_NOT_WORD: r"\W",
}


def _number_components(nodes: range, step: Callable[[int], Iterable[int]]) -> list[int]:
    """Return for each node the number of its strongly connected component (Tarjan, without recursion)."""
    found, low = [-1] * len(nodes), [0] * len(nodes)
    number = [-1] * len(nodes)
    stack: list[int] = []
    clock = components = 0
    for root in nodes:
        if found[root] >= 0:
            continue
        todo: list[tuple[int, Iterator[int]]] = []
        entering: int | None = root
        while entering is not None or todo:
            if entering is not None:
                found[entering] = low[entering] = clock
                clock += 1
                stack.append(entering)
                todo.append((entering, iter(step(entering))))
                entering = None
            node, rest = todo[-1]
            for following in rest:
                if found[following] < 0:
                    entering = following
                    break
                if number[following] < 0:
                    low[node] = min(low[node], found[following])
            else:
                todo.pop()
                if todo:
                    low[todo[-1][0]] = min(low[todo[-1][0]], low[node])
                if low[node] == found[node]:
                    while True:
                        member = stack.pop()
                        number[member] = components
                        if member == node:
                            break
                    components += 1
    return number
