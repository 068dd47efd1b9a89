"""How many tokens a text costs, roughly and without the model's vocabulary."""

from __future__ import annotations


def estimate_tokens(text: str) -> int:
    """Return an estimate that is within about a fifth for English and Korean prose.

    Four letters of the Latin alphabet are about one token; a character of another script is most of one.
    """
    if text.isascii():
        return -(-len(text) // 4)
    plain = sum(1 for character in text if character < "\u0250")
    return -(-plain // 4) + round((len(text) - plain) * 0.75)
