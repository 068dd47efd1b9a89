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
        ("", ""),
    ],
)
def test_sounds_become_phones(ipa: str, phones: str) -> None:
    assert map_ipa(ipa) == phones
