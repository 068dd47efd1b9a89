"""An HTTP target and one run's values to the request that is sent: plain values, no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from agentrun.plan import HttpTarget, Text
from agentrun.secret import reveal
from agentrun.tools.call import CodedFailure
from agentrun.tools.http.addresses import is_allowed
from agentrun.tools.http.template import (
    ABSENT,
    render_header,
    render_json,
    render_query,
    render_text,
    render_url,
)
from agentrun.wire.json import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """How a token is asked for (RFC 6749, 4.4). It holds a secret, so it has no readable form.

    Attributes:
        scope: words with spaces between them; empty to leave it to the service.
        audience: what some services ask for instead; empty if not.
        in_body: the client's id and secret stand in the form instead of a header.

    """

    token_url: str
    client_id: str
    client_secret: str
    scope: str = ""
    audience: str = ""
    in_body: bool = False
    allow_hosts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ClientCredentials({urlsplit(self.token_url).hostname})"


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out. Everything here may hold secrets, so it has no readable form.

    Attributes:
        host: as it stands in the file; the one part that may be shown.
        allow_private: the file allows this host although its address is private.
        allow_hosts: all the hosts that the file allows.
        grant: how to get the token that has to go along, if one has to.

    """

    method: str
    url: str
    host: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    allow_private: bool
    allow_hosts: tuple[str, ...] = ()
    grant: ClientCredentials | None = None

    def __repr__(self) -> str:
        return f"Request({self.method} {self.host})"


def build_request(target: HttpTarget, scope: Mapping[str, JsonValue]) -> Request:
    """Fill the values of one run into a target.

    Raises:
        InvalidArguments: a value cannot stand where the template puts it.
        CodedFailure: the file's own part cannot be used; the operator must correct it.

    """
    headers = {name: value for name, node in target.headers.items() if (value := render_header(node, scope))}
    content, content_type = _render_content(target, scope)
    if content_type and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    auth_headers, auth_query = _render_auth(target.auth or {}, scope)
    query = "&".join(part for part in (render_query(target.query, scope), auth_query) if part)
    url = urlsplit(_checked_url(target.url, scope))
    url = url._replace(query="&".join(part for part in (url.query, query) if part))
    host = url.hostname or ""
    return Request(
        method=target.method.upper(),
        url=urlunsplit(url),
        host=host,
        headers=tuple((headers | auth_headers).items()),
        content=content,
        allow_private=is_allowed(host, url.port, target.allow_hosts),
        allow_hosts=target.allow_hosts,
        grant=_render_grant(target, scope),
    )


def _checked_url(template: Text, scope: Mapping[str, JsonValue]) -> str:
    url = render_url(reveal(template), scope)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CodedFailure("bad_url", "The tool's URL is not an http or https address.")
    return url


def _render_content(target: HttpTarget, scope: Mapping[str, JsonValue]) -> tuple[bytes, str]:
    """Return the body and its media type; both empty if there is none."""
    if target.json is not None:
        value = render_json(target.json, scope)
        text = json.dumps(None if value is ABSENT else value, ensure_ascii=False)
        return text.encode(), "application/json"
    if target.form is not None:
        return render_query(target.form, scope).encode(), "application/x-www-form-urlencoded"
    if target.body is not None:
        return (render_text(target.body, scope) or "").encode(), "text/plain; charset=utf-8"
    return b"", ""


def _render_auth(auth: Mapping[str, JsonValue], scope: Mapping[str, JsonValue]) -> tuple[JsonObject, str]:
    """Return the headers and the piece of query that authenticate.

    `{bearer: …}`, `{basic: {username, password}}`, `{header: {X-Api-Key: …}}`, `{query: {key: …}}`.
    """
    headers: JsonObject = {}
    query = ""
    for kind, value in auth.items():
        match kind:
            case "bearer":
                headers["Authorization"] = f"Bearer {render_header(value, scope) or ''}"
            case "basic":
                pair = ":".join(
                    render_text(value.get(part, ""), scope) or "" for part in ("username", "password")
                )
                headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            case "header":
                headers |= {name: render_header(item, scope) or "" for name, item in value.items()}
            case "query":
                pairs = [(name, render_text(item, scope) or "") for name, item in value.items()]
                query = urlencode(pairs, quote_via=quote)
            case "oauth2":
                pass  # a token is asked for when the request is sent
            case _:
                raise CodedFailure("bad_auth", f"The tool's `auth` has an unknown kind `{kind}`.")
    return headers, query


def _render_grant(target: HttpTarget, scope: Mapping[str, JsonValue]) -> ClientCredentials | None:
    given = (target.auth or {}).get("oauth2")
    if given is None:
        return None

    def render(name: str) -> str:
        return render_text(given.get(name, ""), scope) or ""

    return ClientCredentials(
        token_url=_checked_url(given["token_url"], scope),
        client_id=render("client_id"),
        client_secret=render("client_secret"),
        scope=render("scope"),
        audience=render("audience"),
        in_body=given.get("client_auth") == "body",
        allow_hosts=target.allow_hosts,
    )
