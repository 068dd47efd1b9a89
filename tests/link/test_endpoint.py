"""From a base URL to an address that can be dialled, and what is refused."""

from __future__ import annotations

import pytest

from agentrun.errors import ConnectFailed
from agentrun.link.endpoint import make_endpoint
from agentrun.secret import Secret


@pytest.mark.parametrize(
    ("base_url", "url", "address"),
    [
        ("https://api.openai.com/v1", "wss://api.openai.com/v1/realtime?model=m", ("api.openai.com", 443)),
        ("http://127.0.0.1:8765/v1/", "ws://127.0.0.1:8765/v1/realtime?model=m", ("127.0.0.1", 8765)),
        ("http://[::1]:8765", "ws://[::1]:8765/v1/realtime?model=m", ("::1", 8765)),
        ("ws://host/v1/realtime", "ws://host/v1/realtime?model=m", ("host", 80)),
        ("https://x/v1?api-version=1", "wss://x/v1/realtime?api-version=1&model=m", ("x", 443)),
    ],
)
def test_addresses(base_url: str, url: str, address: tuple[str, int]) -> None:
    endpoint = make_endpoint(base_url, "m", None)
    assert (endpoint.url, endpoint.address) == (url, address)


def test_the_model_is_quoted() -> None:
    assert make_endpoint("http://x/v1", "a b&c", None).url == "ws://x/v1/realtime?model=a%20b%26c"


@pytest.mark.parametrize(
    "base_url", ["http://[::1", "http://127.0.0.1:99999/v1", "http://127.0.0.1:abc", "http://:80", "x", ""]
)
def test_what_cannot_be_dialled_is_refused_with_a_remedy(base_url: str) -> None:
    with pytest.raises(ConnectFailed, match="is not the address") as caught:
        make_endpoint(base_url, "m", None)
    assert caught.value.hint


@pytest.mark.parametrize("base_url", ["http://user:hidden@host:1/v1", "http://user:hidden@host:abc/v1"])
def test_a_password_in_the_url_is_refused_and_never_shown(base_url: str) -> None:
    with pytest.raises(ConnectFailed) as caught:
        make_endpoint(base_url, "m", Secret("sk-test"))
    assert "hidden" not in f"{caught.value} {caught.value.url} {caught.value.hint}"
