from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.plan import Effect
from agentrun.tools.http import transport
from agentrun.tools.http.addresses import is_allowed
from agentrun.tools.http.redirects import RedirectRefused, follow
from agentrun.tools.http.request import Request
from agentrun.tools.http.runner import HttpRunner
from tests.tools.conftest import RecordingCall, run_one
from tests.tools.http.kit import Heard, bind, open_wire, reply

KEYS = (("Authorization", "Bearer k"), ("X-Key", "k"), ("Accept", "text/plain"))


def make(url: str, host: str, *allow_hosts: str) -> Request:
    return Request("GET", url, host, KEYS, b"", False, allow_hosts)


SHOP = make("https://shop.example/a/b?q=1", "shop.example", "cdn.example", "10.0.0.7:8000")


@pytest.mark.parametrize(
    ("location", "url", "keeps_keys", "private"),
    [
        ("/c", "https://shop.example/c", True, False),
        ("c?x=1#part", "https://shop.example/a/c?x=1", True, False),
        ("https://shop.example:443/c", "https://shop.example:443/c", True, False),
        ("https://SHOP.example/c", "https://SHOP.example/c", True, False),
        ("https://shop.example:8443/c", "https://shop.example:8443/c", False, False),
        ("https://cdn.example/c", "https://cdn.example/c", False, True),
        ("//cdn.example/c", "https://cdn.example/c", False, True),
        ("https://me:pw@cdn.example/c", "https://cdn.example/c", False, True),
        ("https://10.0.0.7:8000/", "https://10.0.0.7:8000/", False, True),
    ],
)
def test_where_a_redirect_leads(location: str, url: str, keeps_keys: bool, private: bool) -> None:
    request = follow(SHOP, location)
    assert (request.url, request.allow_private) == (url, private)
    assert request.headers == (KEYS if keeps_keys else (("Accept", "text/plain"),))


@pytest.mark.parametrize(
    "location",
    [
        "http://shop.example/c",
        "https://evil.example/c",
        "//evil.example/c",
        "https://shop.example@evil.example/",
        "https://shop.example.evil.example/",
        "https://10.0.0.7:8001/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[::1/",
        "https://shop.example:x/",
    ],
)
def test_where_it_may_not_lead(location: str) -> None:
    with pytest.raises(RedirectRefused):
        follow(SHOP, location)


def test_from_http_to_https_of_the_same_host_keys_go_along() -> None:
    plain = make("http://shop.example/", "shop.example")
    assert follow(plain, "https://shop.example/").headers == KEYS
    assert follow(make("http://shop.example:81/", "shop.example"), "https://shop.example/").headers != KEYS


@given(st.text(max_size=40) | st.from_regex(r"(https?:)?//[a-z.@:\[\]0-9]{0,30}/?", fullmatch=True))
def test_no_location_leads_to_a_host_that_the_file_does_not_name(location: str) -> None:
    try:
        request = follow(SHOP, location)
    except RedirectRefused:
        return
    assert request.host == "shop.example" or is_allowed(request.host, None, ("cdn.example",))


async def test_a_read_follows_and_a_write_does_not() -> None:
    async def handle(heard: Heard, writer: asyncio.StreamWriter) -> None:
        here = heard.path == "/new"
        writer.write(reply(200, {"here": True}) if here else reply(302, Location="/new"))

    async with open_wire(handle) as wire:
        effects: list[tuple[Effect, str]] = [("read", "ok"), ("write", "unknown")]
        for effect, outcome in effects:
            told = await run_one(bind(wire.url, effect), {}, RecordingCall())
            assert told.outcome == outcome
    assert [heard.path for heard in wire.heard] == ["/", "/new", "/"]


async def test_redirects_come_to_an_end() -> None:
    async def handle(heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(307, Location=f"{heard.path}x"))

    async with open_wire(handle) as wire:
        told = await run_one(bind(wire.url), {}, RecordingCall())
    assert (told.outcome, told.code, len(wire.heard)) == ("failed", "redirect_refused", 4)


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "http://127.0.0.1:1/", "http://[::1]:1/"]
)
async def test_a_redirect_inside_is_refused(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public service (here a name that leads to our own server) sends us to a private address."""
    monkeypatch.setattr(transport, "is_public", lambda address: address == "127.0.0.1")

    async def resolve(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "shop.example" else [host]

    async def handle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(302, Location=target))

    async with open_wire(handle) as wire:
        told = await ask_public(wire.port, resolve)
    assert (told.outcome, told.code) == ("failed", "redirect_refused")
    assert "169.254" not in told.message


async def test_every_hop_is_resolved_and_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is public at first, and private when the redirect asks for it again (DNS rebinding)."""
    monkeypatch.setattr(transport, "is_public", lambda address: address == "127.0.0.1")
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    async def handle(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(302, Location="/again", Connection="close"))
        writer.close()

    async with open_wire(handle) as wire:
        told = await ask_public(wire.port, resolve)
    assert (told.outcome, told.code) == ("failed", "host_refused")
    assert asked == ["shop.example"] * 2
    assert len(wire.heard) == 1


async def ask_public(port: int, resolve: Any) -> Any:
    binding = bind(f"http://shop.example:{port}/", allow_hosts=())
    return await run_one(binding, {}, RecordingCall(), runners={"http": lambda: HttpRunner(resolve=resolve)})
