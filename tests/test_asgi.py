"""How a web application is run, seen from the outside: sockets, peers that go silent, the end."""

from __future__ import annotations

import socket

import pytest

from agentrun.asgi import open_listener
from agentrun.errors import ListenFailed


def test_a_port_that_is_taken() -> None:
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(ListenFailed, match=rf"^port {port} of 127\.0\.0\.1 is taken .*`--port`$"):
            open_listener("127.0.0.1", port)


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(ListenFailed, match=r"`192\.0\.2\.1` is not an address of this machine"):
        open_listener("192.0.2.1", 0)


@pytest.mark.parametrize("host", ["no such host", "a" * 70, "bücher..example"])
def test_a_host_that_is_no_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:  # no test asks a name server
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ListenFailed, match="the name is not known"):
        open_listener(host, 0)


def test_a_port_can_be_used_again_at_once() -> None:
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
    with open_listener("127.0.0.1", port) as second:
        assert second.getsockname()[1] == port
