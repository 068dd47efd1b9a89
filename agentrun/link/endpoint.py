"""Where a model is reached: from a base URL and a key to the address and headers of the WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from agentrun.errors import ConnectFailed
from agentrun.secret import Secret

OPENAI_BASE_URL = "https://api.openai.com/v1"

_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One dialable session address.

    Attributes:
        url: `ws://` or `wss://` address with the model in the query; no secret in it.
        headers: headers of the handshake; their values are secret.

    """

    url: str
    headers: Mapping[str, Secret] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc


def make_endpoint(base_url: str, model: str, api_key: Secret | None, *, azure: bool = False) -> Endpoint:
    """Return the endpoint of a Realtime service as the official SDKs derive it from a base URL.

    Args:
        base_url: for example `https://api.openai.com/v1`, `http://127.0.0.1:8765/v1`, or a `ws` URL.
        model: name of the model (on Azure: of the deployment).
        api_key: sent as a bearer token, on Azure as `api-key`.
        azure: whether the service is Azure OpenAI.

    Raises:
        ConnectFailed: the URL cannot be dialled.

    """
    parts = urlsplit(base_url)
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not parts.hostname:
        raise ConnectFailed(
            f"`{base_url}` is not the address of a Realtime service",
            url=base_url,
            hint="give a base URL such as http://127.0.0.1:8765/v1",
        )
    path = parts.path.rstrip("/")
    path = path if path.endswith("/realtime") else f"{path or '/v1'}/realtime"
    query = "&".join(filter(None, [parts.query, f"model={quote(model, safe='')}"]))
    headers: dict[str, Secret] = {}
    if api_key is not None:
        token = api_key.reveal()
        headers = {"api-key": Secret(token)} if azure else {"Authorization": Secret(f"Bearer {token}")}
    return Endpoint(urlunsplit((scheme, parts.netloc, path, query, "")), headers)
