from __future__ import annotations

import asyncio

import httpcore
import pytest

from agentrun.tools.http import transport
from agentrun.tools.http.transport import PublicBackend
from tests.tools.conftest import Site
from tests.tools.http.test_runner import bind, run_with


async def test_the_address_that_was_checked_is_the_one_that_is_dialled(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback counts as public here, so that a public name can lead to our own server."""
    monkeypatch.setattr(transport, "is_public", lambda address: address.startswith("127."))
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1", "127.0.0.2", "127.0.0.1"]  # private, public but silent, public

    binding = bind(f"http://shop.example:{site.port}/", allow_hosts=())
    outcome = await run_with(resolve, binding)
    assert (outcome.outcome, asked) == ("ok", ["shop.example"])
    assert site.seen[0].headers["host"] == f"shop.example:{site.port}"


async def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore.ConnectTimeout, match="could not be resolved in time"):
        await PublicBackend(resolve).connect_tcp("shop.example", 443, timeout=0.01)


async def test_sleeping_is_left_to_the_loop() -> None:
    await PublicBackend().sleep(0)
