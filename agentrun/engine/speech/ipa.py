"""From the International Phonetic Alphabet, as espeak-ng writes it, to the phones of the acoustic model.

The model knows the 39 phones of American English (ARPAbet). Sounds of other languages become the nearest of
them, which is enough to tell a list of phrases apart and not enough for dictation.
"""

from __future__ import annotations

import re

# The longest match wins; marks that change nothing audible to the model are dropped before.
_PHONES = {
    "tʃh": "CH", "tʃ": "CH", "tɕ": "CH", "dʒ": "JH", "dʑ": "JH", "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ":
    "OW", "əʊ": "OW", "ɔɪ": "OY", "eə": "EH R", "ɪə": "IH R", "ʊə": "UH R", "ɜː": "ER", "ɔː": "AO", "ɑː":
    "AA", "iː": "IY", "uː": "UW", "oː": "OW", "eː": "EY", "ph": "P", "th": "T", "kh": "K", "əl": "AH L",
    "ɐ": "AH", "ə": "AH", "ʌ": "AH", "a": "AA", "ɑ": "AA", "ɒ": "AA", "æ": "AE", "b": "B", "β": "B", "c":
    "K", "ç": "HH", "d": "D", "ð": "DH", "e": "EH", "ɛ": "EH", "ɚ": "ER", "ɝ": "ER", "f": "F", "ɡ": "G",
    "g": "G", "ɣ": "G", "h": "HH", "x": "HH", "χ": "HH", "i": "IY", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH", "j":
    "Y", "k": "K", "l": "L", "ɫ": "L", "ʎ": "L Y", "m": "M", "n": "N", "ɲ": "N Y", "ŋ": "NG", "o": "OW",
    "ɔ": "AO", "ø": "ER", "œ": "ER", "p": "P", "ɸ": "F", "r": "R", "ɹ": "R", "ʁ": "R", "ɾ": "D", "s": "S",
    "ɕ": "SH", "ʃ": "SH", "ʂ": "SH", "t": "T", "u": "UW", "ʊ": "UH", "ɯ": "UH", "y": "Y UW", "v": "V", "ʋ":
    "V", "w": "W", "z": "Z", "ʒ": "ZH", "ʐ": "ZH", "θ": "TH", "q": "G",
}  # fmt: skip
# How espeak-ng's other voices sound to the model, found with its phone loop; several rows, several ways.
_LANGUAGES: dict[str, tuple[dict[str, str], ...]] = {
    "ko": (
        {"ʌ": "AO", "ɐ": "AA", "ɾ": "R", "o": "OW", "e": "EH", "ɯ": "UH"},
        {"ʌ": "AO", "ɐ": "AA", "ɾ": "D", "o": "AO", "e": "EY", "ɯ": "UW"},
    ),
}
_LONGEST = max(map(len, _PHONES))
_LANGUAGE_SWITCH = re.compile(r"\([a-z-]+\)")
_IGNORED = str.maketrans("", "", "ˈˌ‿ʰʲ̩̃ʔ'- _")


def map_ipa(ipa: str, language: str = "en") -> list[str]:
    """Return the ways a text may sound to the model: rows of phones, separated by spaces.

    Plain letters are close enough to be read as IPA, so that a word whose sound nobody knows still gets one;
    what has no counterpart is left out, and what has none at all gives no row.
    """
    rows = [_map_row(ipa, _PHONES | special) for special in _LANGUAGES.get(language, ({},))]
    return list(dict.fromkeys(row for row in rows if row))


def _map_row(ipa: str, table: dict[str, str]) -> str:
    text = _LANGUAGE_SWITCH.sub("", ipa).translate(_IGNORED)
    phones: list[str] = []
    at = 0
    while at < len(text):
        size = next((n for n in range(_LONGEST, 0, -1) if text[at : at + n] in table), 0)
        if size:
            phones.extend(table[text[at : at + size]].split())
        at += size or 1
    return " ".join(phones)
