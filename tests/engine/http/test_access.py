"""Who may come in, as pure decisions."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from agentrun.engine.http.access import check_host, check_key, check_origin, find_key, find_target
from agentrun.engine.http.refusals import RequestRefused
from agentrun.secret import Secret
from tests.engine.test_app import make_board

KEYS = (Secret("one"), Secret("two"))


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k "}, "k"),
        ({"authorization": "Basic k"}, ""),
        ({"api-key": "k"}, "k"),
        ({"sec-websocket-protocol": "realtime,openai-insecure-api-key.k, openai-project.p"}, "k"),
        ({"sec-websocket-protocol": "realtime"}, ""),
        ({}, ""),
    ],
)
def test_where_a_key_stands(headers: Mapping[str, str], key: str) -> None:
    assert find_key(headers) == key


@pytest.mark.parametrize("key", ["one", "two"])
def test_keys_that_are_set(key: str) -> None:
    check_key(key, KEYS)


@pytest.mark.parametrize(
    ("key", "keys"), [("three", KEYS), ("", KEYS), ("nö", KEYS), ("ek_x", ()), ("ek_x", KEYS)]
)
def test_keys_that_are_refused(key: str, keys: tuple[Secret, ...]) -> None:
    with pytest.raises(RequestRefused) as refused:
        check_key(key, keys)
    assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize("key", ["", "anything", "sk-real"])
def test_any_key_will_do_where_none_is_set(key: str) -> None:
    check_key(key, ())


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost", "[::1]:8765", "shop.localhost:80", "127.9.9.9"]
)
def test_hosts_of_this_machine(host: str) -> None:
    check_host({"host": host})
    check_origin({"origin": f"http://{host}"})


@pytest.mark.parametrize(
    "host", ["evil.example:8765", "127.0.0.1.evil.example", "10.0.0.1", "", "[::", "localhost.evil"]
)
def test_hosts_from_outside(host: str) -> None:
    with pytest.raises(RequestRefused, match="loopback names"):
        check_host({"host": host})
    with pytest.raises(RequestRefused, match="web pages"):
        check_origin({"origin": f"https://{host}"})


def test_programs_and_pages_without_a_place() -> None:
    check_origin({})
    for origin in ("null", "file://", ""):
        with pytest.raises(RequestRefused) as refused:
            check_origin({"origin": origin})
        assert (refused.value.status, refused.value.code) == (403, "wrong_origin")


FOREIGN_PAGE = {"host": "127.0.0.1:8765", "origin": "https://evil.example"}
REBOUND_PAGE = {"host": "evil.example:8765", "origin": "http://evil.example:8765"}
REBOUND_READ = {"host": "evil.example:8765"}  # a page reads its own host without saying `Origin`


@pytest.mark.parametrize("headers", [FOREIGN_PAGE, REBOUND_PAGE, REBOUND_READ])
def test_pages_of_others_are_served_only_with_a_key_or_a_client_secret(headers: Mapping[str, str]) -> None:
    open_board, closed_board = make_board(), make_board("right")
    with pytest.raises(RequestRefused) as refused:
        open_board.admit({**headers, "authorization": "Bearer any"})
    assert refused.value.status == 403
    made = open_board.client_secrets.make({}, 600, open_board.now_s())
    assert made is not None
    bearer = f"Bearer {made.value.reveal()}"
    assert open_board.admit({**headers, "authorization": bearer}).secret == made
    assert closed_board.admit({**headers, "authorization": "Bearer right"}).secret is None


def test_an_engine_for_the_network_answers_to_any_name() -> None:
    make_board(loopback_only=False).admit({"host": "devbox:8765"})
    with pytest.raises(RequestRefused):
        make_board(loopback_only=False).admit(FOREIGN_PAGE)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({"model": "m"}, ("model", "m")),
        ({"call_id": "rtc_1", "model": ""}, ("call_id", "rtc_1")),
        ({"intent": "transcription"}, ("intent", "transcription")),
        ({"intent": "transcription", "model": "m"}, ("model", "m")),
        ({"other": "x"}, None),
    ],
)
def test_what_a_connection_is_for(query: Mapping[str, str], target: object) -> None:
    assert find_target(query) == target


def test_a_connection_is_for_one_thing() -> None:
    with pytest.raises(RequestRefused, match="'call_id' and 'intent'") as refused:
        find_target({"call_id": "rtc_1", "intent": "transcription"})
    assert (refused.value.status, refused.value.param) == (400, "intent")
    with pytest.raises(RequestRefused, match="'model' and 'call_id' and 'intent'"):
        find_target({"call_id": "rtc_1", "intent": "transcription", "model": "m"})
