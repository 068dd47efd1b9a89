"""Whether the engines can be reached: what `/readyz` says, without a session being opened or paid for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from agentrun.link.endpoint import Endpoint

EVERY_S = 10.0
LIMIT_S = 3.0


class EngineWatch:
    """Knocks at the engines' addresses from time to time.

    Only the connection is tried. That a key is refused shows on the first call; `note_failure` is told.
    """

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._addresses = sorted({endpoint.address for endpoint in endpoints})
        self._failures: dict[tuple[str, int], str] = {}

    @property
    def failure(self) -> str:
        """Why a call would fail now; empty if nothing speaks against it."""
        return next(iter(self._failures.values()), "")

    async def run(self) -> None:
        """Watch until cancelled."""
        while self._addresses:
            await self.knock()
            await asyncio.sleep(EVERY_S)

    async def knock(self) -> None:
        """Try every address once."""
        await asyncio.gather(*(self._try(address) for address in self._addresses))

    def note_failure(self, endpoint: Endpoint, message: str) -> None:
        """A call could not reach its engine; believed until the next knock."""
        self._failures[endpoint.address] = message

    async def _try(self, address: tuple[str, int]) -> None:
        host, port = address
        try:
            async with asyncio.timeout(LIMIT_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            reason = getattr(error, "strerror", None) or "no answer"
            self._failures[address] = f"the engine at {host}:{port} is out of reach ({reason})"
        else:
            self._failures.pop(address, None)
            writer.close()
