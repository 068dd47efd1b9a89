"""Certificates: what clients trust, what they are served, what becomes of bad files."""

from __future__ import annotations

import datetime
import os
import ssl
import stat
import sys
from pathlib import Path

import pytest
from cryptography import x509
from openai import AsyncOpenAI
from websockets.asyncio.client import connect

from agentrun.engine.driver import EngineParts
from agentrun.engine.responders.script import ScriptedResponder
from agentrun.engine.seams import Say
from agentrun.engine.server import listen
from agentrun.engine.tls import (
    LIFE,
    RENEW_BEFORE,
    CertificateFailed,
    find_folder,
    load_certificate,
    make_certificate,
)
from tests.engine.test_server import Ears, read_until

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def make_parts() -> EngineParts:
    return EngineParts(ScriptedResponder([[Say("Hello.")]]), Ears(), 1000.0)


async def test_official_client_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, authority = make_certificate(tmp_path, NOW)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))  # what Python programs trust
    async with listen(make_parts(), port=0, tls=tls) as port:
        client = AsyncOpenAI(base_url=f"https://localhost:{port}/v1", api_key="any", max_retries=0)
        async with client:
            made = await client.realtime.client_secrets.create()
        client = AsyncOpenAI(base_url=f"https://localhost:{port}/v1", api_key=made.value, max_retries=0)
        async with client, client.realtime.connect(model="gpt-realtime-2.1") as connection:
            await connection.response.create()
            done = (await read_until(connection, "response.done"))[-1]
    assert done.response.output[0].content[0].transcript == "Hello."


async def test_every_loopback_name_is_certified_to_a_strict_client(tmp_path: Path) -> None:
    tls, authority = make_certificate(tmp_path, NOW)
    strict = ssl.create_default_context(cafile=str(authority))
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    async with listen(make_parts(), port=0, tls=tls) as port:
        for name in ("localhost", "127.0.0.1"):
            async with connect(f"wss://{name}:{port}/v1/realtime?model=m", ssl=strict, proxy=None) as socket:
                assert "session.created" in str(await socket.recv())
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(
                f"wss://127.0.0.1:{port}/v1/realtime?model=m", ssl=ssl.create_default_context(), proxy=None
            )
    certificate = x509.load_pem_x509_certificates((tmp_path / "server.pem").read_bytes())[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_a_certificate_is_used_again_until_it_is_about_to_expire(tmp_path: Path) -> None:
    _, authority = make_certificate(tmp_path, NOW)
    first = authority.read_bytes()
    make_certificate(tmp_path, NOW + LIFE - RENEW_BEFORE - DAY)
    assert authority.read_bytes() == first
    make_certificate(tmp_path, NOW + LIFE - RENEW_BEFORE)
    assert authority.read_bytes() != first


def test_what_clients_trust_follows_from_what_is_served(tmp_path: Path) -> None:
    _, authority = make_certificate(tmp_path, NOW)
    first = authority.read_bytes()
    authority.write_bytes(b"of another engine")
    make_certificate(tmp_path, NOW)
    assert authority.read_bytes() == first
    assert b"PRIVATE KEY" not in first


def test_a_broken_certificate_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "server.pem").write_bytes(b"half a file")
    assert make_certificate(tmp_path, NOW)[1].read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.skipif(sys.platform == "win32", reason="looks at POSIX modes")
def test_nobody_else_reads_the_key(tmp_path: Path) -> None:
    make_certificate(tmp_path / "new", NOW)
    assert stat.S_IMODE((tmp_path / "new" / "server.pem").stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path / "new")) == ["ca.pem", "server.pem"]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    make_certificate(tmp_path / "one", NOW)
    make_certificate(tmp_path / "two", NOW)
    with pytest.raises(CertificateFailed, match=r"no TLS with .*missing\.pem`: No such file"):
        load_certificate(tmp_path / "missing.pem")
    with pytest.raises(CertificateFailed, match="no TLS with"):
        load_certificate(tmp_path / "one" / "ca.pem", tmp_path / "two" / "server.pem")
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateFailed, match="no certificate can be kept in"):
        make_certificate(tmp_path / "file" / "tls", NOW)


def test_where_certificates_are_kept() -> None:
    assert find_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/agentrun/tls")
    assert find_folder({}) == Path.home() / ".local/share/agentrun/tls"
