from __future__ import annotations

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from agentrun.secret import Secret
from agentrun.server.app import build_app
from agentrun.server.guard import digest_token, is_loopback
from tests.server.echo import EchoDesk

TOKEN = Secret("a long token")
LOCAL = "http://127.0.0.1:8080"
WS = "ws://127.0.0.1:8080"


def open_client(token: Secret | None = None, base_url: str = LOCAL) -> TestClient:
    return TestClient(build_app(EchoDesk(), token=token), base_url=base_url, follow_redirects=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("app.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_which_hosts_are_loopback(host: str, local: bool) -> None:
    assert is_loopback(host) is local


@pytest.mark.parametrize("base_url", [LOCAL, "http://localhost:8080", "http://[::1]:8080"])
def test_loopback_names_need_no_token(base_url: str) -> None:
    assert open_client(base_url=base_url).get("/agents").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example:80"])
def test_another_name_for_this_machine_is_refused(host: str) -> None:
    answer = open_client().get("/agents", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["[", "", "127.0.0.1:99999", "127.0.0.1:port", ":8080"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_host_that_cannot_be_read_is_refused(host: str, token: Secret | None) -> None:
    for path in ("/", "/agents", "/agents/", "/?token=a+long+token"):
        answer = open_client(token).get(path, headers={"host": host})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_host")


@pytest.mark.parametrize(
    "headers",
    [{"authorization": "Bearer a long token"}, {"authorization": "bearer  a long token"}],
)
def test_a_bearer_token_opens(headers: dict[str, str]) -> None:
    client = open_client(TOKEN, "http://desk.example")
    assert client.get("/agents", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer another"},
        {"authorization": "Basic a long token"},
        {"authorization": "Bearer"},
        {"cookie": "agentrun_8080=a long token"},
    ],
)
def test_without_the_token_nothing_opens(headers: dict[str, str]) -> None:
    client = open_client(TOKEN)
    for path in ("/agents", "/agents?token=another", "/agents?token=%ed%a0%80", "/calls", "/static"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert "a long token" not in answer.text


def test_health_and_the_files_of_the_page_are_open() -> None:
    client = open_client(TOKEN)
    for path in ("/healthz", "/readyz", "/static/style.css"):
        assert client.get(path).status_code == 200


def test_the_page_asks_for_the_token_and_keeps_a_digest() -> None:
    client = open_client(TOKEN)
    asked = client.get("/")
    assert asked.status_code == 401
    assert 'name="token"' in asked.text
    welcome = client.get("/?token=a+long+token")
    assert (welcome.status_code, welcome.headers["location"]) == (303, "./")
    cookie = welcome.headers["set-cookie"]
    assert cookie.startswith(f"agentrun_8080={digest_token(TOKEN)};")
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert client.get("/").status_code == 200
    assert client.get("/agents").status_code == 200


def test_a_wrong_token_gets_no_cookie() -> None:
    answer = open_client(TOKEN).get("/?token=guess")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_socket_needs_the_token_too() -> None:
    client = open_client(TOKEN)
    with pytest.raises(WebSocketDenialResponse) as denied, client.websocket_connect(WS + "/agents/echo/ws"):
        pass
    assert denied.value.status_code == 401
    with client.websocket_connect(WS + "/agents/echo/ws?token=a+long+token") as socket:
        socket.send_json({"type": "start"})
        assert socket.receive_json()["type"] == "started"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1:3000",
        "http://127.0.0.1",
        "null",
        "http://127.0.0.1:8080.evil.example",
        "http://127.0.0.1:99999",
    ],
)
def test_a_socket_of_another_page_is_refused(origin: str) -> None:
    client = open_client()
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        client.websocket_connect(
            WS + "/agents/echo/ws", headers={"origin": origin, "host": "127.0.0.1:8080"}
        ),
    ):
        pass
    assert (denied.value.status_code, denied.value.json()["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("LOCALHOST:8080", "http://localhost:8080"),
        ("localhost", "https://localhost"),
        ("localhost:443", "https://localhost"),
    ],
)
def test_the_own_page_may_open_sockets(host: str, origin: str) -> None:
    headers = {"origin": origin, "host": host}
    with open_client().websocket_connect(WS + "/agents/echo/ws", headers=headers) as socket:
        socket.send_json({"type": "start"})
        assert socket.receive_json()["type"] == "started"


def test_answers_carry_security_headers() -> None:
    headers = open_client().get("/").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
