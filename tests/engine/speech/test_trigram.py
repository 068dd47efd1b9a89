from __future__ import annotations

import math
import re

from agentrun.engine.speech.trigram import render_arpa

SENTENCES = [("where", "is", "it"), ("where", "is", "my", "order"), ("yes",)]


def read(arpa: str) -> dict[tuple[str, ...], tuple[float, float]]:
    grams = {}
    for line in arpa.splitlines():
        if re.match(r"-?\d", line):
            probability, *words = line.split()
            backoff = float(words.pop()) if re.fullmatch(r"-?\d+\.\d+", words[-1]) else 0.0
            grams[tuple(words)] = (float(probability), backoff)
    return grams


def test_probabilities_after_every_history_sum_to_one() -> None:
    grams = read(render_arpa(SENTENCES, ["parcel"]))
    words = [gram[0] for gram in grams if len(gram) == 1 and gram != ("<s>",)]

    def score(gram: tuple[str, ...]) -> float:
        if gram in grams:
            return grams[gram][0]
        return grams.get(gram[:-1], (0.0, 0.0))[1] + score(gram[1:])

    for history in [(), *(gram for gram in grams if len(gram) < 3)]:
        if history[-1:] == ("</s>",):
            continue
        total = sum(10 ** score((*history, word)) for word in words)
        assert math.isclose(total, 1, rel_tol=0.02), history


def test_counts_match_the_header() -> None:
    arpa = render_arpa(SENTENCES)
    grams = read(arpa)
    for order in (1, 2, 3):
        assert f"ngram {order}={sum(len(gram) == order for gram in grams)}" in arpa


def test_extra_words_are_known() -> None:
    assert ("parcel",) in read(render_arpa(SENTENCES, ["parcel"]))
