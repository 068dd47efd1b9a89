"""A trigram language model from a few hundred sentences, written as ARPA text.

Witten-Bell smoothing: the more different words have followed a history, the likelier is a new one.
Format: https://cmusphinx.github.io/wiki/arpaformat/.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable

_START, _END = "<s>", "</s>"
Gram = tuple[str, ...]


def render_arpa(sentences: Iterable[Gram], extra_words: Iterable[str] = ()) -> str:
    """Return a model of the sentences that also knows `extra_words`, each as likely as a rare word."""
    counts = _count(sentences, extra_words)
    followers = _collect_followers(counts)
    sections = [_render_section(order, counts, followers) for order in (1, 2, 3)]
    sizes = [f"ngram {order}={len(counts[order])}" for order in (1, 2, 3)]
    return "\n".join(["\\data\\", *sizes, "", *sections, "\\end\\", ""])


def _count(sentences: Iterable[Gram], extra_words: Iterable[str]) -> dict[int, Counter[Gram]]:
    counts: dict[int, Counter[Gram]] = {1: Counter(), 2: Counter(), 3: Counter()}
    for sentence in sentences:
        padded = (_START, *sentence, _END)
        for order, counter in counts.items():
            counter.update(padded[at : at + order] for at in range(len(padded) - order + 1))
    for word in extra_words:
        counts[1][(word,)] += 1
    for word in (_START, _END):  # a model without any sentence still needs both
        counts[1][(word,)] += 1
    return counts


def _collect_followers(counts: dict[int, Counter[Gram]]) -> dict[Gram, Counter[str]]:
    followers: dict[Gram, Counter[str]] = defaultdict(Counter)
    for order in (1, 2, 3):
        for gram, count in counts[order].items():
            if gram != (_START,):
                followers[gram[:-1]][gram[-1]] += count
    return followers


def _estimate(gram: Gram, followers: dict[Gram, Counter[str]]) -> float:
    """Return the smoothed probability of the last word after the words before it."""
    history = followers[gram[:-1]]
    total, kinds = sum(history.values()), len(history)
    shorter = _estimate(gram[1:], followers) if len(gram) > 1 else 1 / kinds
    return (history[gram[-1]] + kinds * shorter) / (total + kinds)


def _render_section(order: int, counts: dict[int, Counter[Gram]], followers: dict[Gram, Counter[str]]) -> str:
    lines = [f"\\{order}-grams:"]
    for gram in sorted(counts[order]):
        probability = -99.0 if gram == (_START,) else math.log10(_estimate(gram, followers))
        lines.append(f"{probability:.4f} {' '.join(gram)}{_render_backoff(gram, followers, order)}")
    return "\n".join([*lines, ""])


def _render_backoff(gram: Gram, followers: dict[Gram, Counter[str]], order: int) -> str:
    """Return the weight of falling back from this history to a shorter one."""
    if order == 3:
        return ""
    history = followers.get(gram)
    if not history:
        return " 0.0000"
    seen = sum(_estimate((*gram, word), followers) for word in history)
    seen_shorter = sum(_estimate((*gram, word)[1:], followers) for word in history)
    weight = max(1 - seen, 1e-6) / max(1 - seen_shorter, 1e-6)
    return f" {math.log10(weight):.4f}"
