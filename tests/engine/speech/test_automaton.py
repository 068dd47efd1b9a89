from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from agentrun.engine.speech.automaton import compile_automaton
from agentrun.engine.speech.grammar import (
    Choice,
    Many,
    Node,
    Optional,
    Rule,
    Sequence,
    any_of,
    maybe,
    sample_sentences,
    seq,
)

WORDS = st.sampled_from(["a", "b", "c"])


def grow(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    rows = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        rows.map(Sequence),
        rows.map(Choice),
        parts.map(Optional),
        WORDS.map(Many),
        parts.map(lambda part: Rule("r", part)),
    )


GRAMMARS: st.SearchStrategy[Node] = st.recursive(WORDS, grow, max_leaves=6)


@given(GRAMMARS)
def test_every_sentence_of_a_grammar_is_accepted(grammar: Node) -> None:
    network = compile_automaton(grammar)
    short = [words for words in sample_sentences(grammar, 20) if len(words) < 12]
    assert all(network.accepts(words) for words in short)


def test_nothing_else_is_accepted() -> None:
    network = compile_automaton(seq(maybe("a"), any_of("b c", "b d")))
    wanted = {("b", "c"), ("b", "d"), ("a", "b", "c"), ("a", "b", "d")}
    for size in range(5):
        for words in itertools.product("abcd", repeat=size):
            assert network.accepts(words) == (words in wanted)


def test_equal_ends_are_one_and_the_same() -> None:
    tail = any_of("x", "y z")
    network = compile_automaton(any_of(seq("a", tail), seq("b", "c", tail), seq("d", "x"), seq("d", "y z")))
    assert len(network.edges) == 5
    assert network.list_chances()[network.start] == 1 / 3


def test_a_grammar_of_nothing_accepts_nothing() -> None:
    assert not compile_automaton(Choice(())).accepts([])
    assert compile_automaton(seq()).accepts([])
