from __future__ import annotations

import pytest

from agentrun.engine.speech.ipa import map_ipa


@pytest.mark.parametrize(
    ("ipa", "phones"),
    [
        ("wˌɛɹ ɪz", "W EH R IH Z"),
        ("tʃˈɜːtʃ", "CH ER CH"),
        ("ˈɐnnjʌŋhˌɐsejˌo", "AH N N Y AH NG HH AH S EH Y OW"),
        ("(ko)khˈɐ(en-us)", "K AH"),
    ],
)
def test_sounds_become_phones(ipa: str, phones: str) -> None:
    assert map_ipa(ipa) == [phones]


def test_a_language_may_sound_in_several_ways() -> None:
    assert map_ipa("wˈʌɾjoˌiɫ", "ko") == ["W AO R Y OW IY L", "W AO D Y AO IY L"]


def test_nothing_sounds_like_nothing() -> None:
    assert map_ipa("", "ko") == []
