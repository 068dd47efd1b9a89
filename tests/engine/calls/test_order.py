"""Orders of simulated calls: what they become, and what is refused where."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.audio import render_wav
from agentrun.engine.calls.order import complete_address, parse_order
from agentrun.engine.calls.phone import KEYS, Keys, Patience, Sound, Words
from agentrun.errors import RemoteProtocolError
from agentrun.wire.json import JsonObject

WAV = base64.b64encode(render_wav(b"\1\0" * 800, 8_000)).decode()


def test_the_short_form() -> None:
    order = parse_order({"dtmf": "12#", "wav": WAV, "say": ["Hello.", "Bye."]})
    assert order.script == (Words("Hello."), Words("Bye."), Sound(b"\1\0" * 800, 8_000), Keys("12#"))
    assert order.patience == Patience()


def test_steps_in_any_order() -> None:
    order = parse_order({"steps": [{"dtmf": "1"}, {"say": "Hello."}, {"wav": WAV}, {"dtmf": "2"}]})
    assert [type(step) for step in order.script] == [Keys, Words, Sound, Keys]


def test_headers_of_the_invite() -> None:
    order = parse_order(
        {"from": "+4930123", "to": "sip:desk@example.org", "headers": {"X-Tenant": "a", "call-id": "fixed"}}
    )
    assert order.sip_headers == (
        ("From", "sip:+4930123@sip.example.com"),
        ("To", "sip:desk@example.org"),
        ("X-Tenant", "a"),
        ("call-id", "fixed"),
    )
    plain = dict(parse_order({}).sip_headers)
    assert plain["From"] == "sip:anonymous@anonymous.invalid"
    assert plain["To"] == "sip:agent@sip.example.com"
    assert plain["Call-ID"] != dict(parse_order({}).sip_headers)["Call-ID"]


@pytest.mark.parametrize("address", ["sip:a@b", "SIPS:a@b", "tel:+49", '"Ann" <sip:a@b>'])
def test_addresses_stay_as_they_are(address: str) -> None:
    assert complete_address(address) == address


def test_patience() -> None:
    order = parse_order({"patience": {"greeting_ms": 0, "settle_ms": 100}})
    assert order.patience == Patience(greeting_ms=0, settle_ms=100)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"speak": ["Hello."]}, "speak"),
        ({"say": "Hello."}, "say"),
        ({"say": ["Hello.", " "]}, "say[1]"),
        ({"dtmf": "12x"}, "dtmf"),
        ({"dtmf": ""}, "dtmf"),
        ({"wav": "%"}, "wav"),
        ({"wav": base64.b64encode(b"no sound").decode()}, "wav"),
        ({"wav": base64.b64encode(render_wav(b"", 8_000)).decode()}, "wav"),
        ({"wav": base64.b64encode(render_wav(b"ab", 100)).decode()}, "wav"),
        ({"steps": [{}]}, "steps[0]"),
        ({"steps": [{"say": "a", "dtmf": "1"}]}, "steps[0]"),
        ({"steps": [{"hum": "a"}]}, "steps[0].hum"),
        ({"steps": [{"wav": "AAAA"}]}, "steps[0].wav"),
        ({"steps": [], "dtmf": "1"}, "dtmf"),
        ({"headers": {"X Tenant": "a"}}, "headers"),
        ({"headers": {"X-Tenant": "a\r\nX: b"}}, "headers.X-Tenant"),
        ({"from": "+49\n30"}, "from"),
        ({"patience": {"answer_ms": -1}}, "patience.answer_ms"),
        ({"patience": {"hours": 1}}, "patience.hours"),
    ],
)
def test_what_is_refused(body: JsonObject, param: str) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        parse_order(body)
    assert refused.value.param == param


json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["say", "wav", "dtmf", "steps", "from", "to", "headers", "patience"])


@given(body=st.dictionaries(names, json_values, max_size=4))
def test_anything_is_read_or_refused(body: JsonObject) -> None:
    try:
        order = parse_order(body)
    except RemoteProtocolError:
        return
    for step in order.script:
        assert not isinstance(step, Keys) or set(step.keys) <= set(KEYS)
