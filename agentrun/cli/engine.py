"""`agentrun engine`: the embedded Realtime server alone, for any Realtime client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentrun.cli import minds
from agentrun.cli.dial import dial_command
from agentrun.cli.options import start_logging

if TYPE_CHECKING:
    import ssl

    from agentrun.engine.calls.webhook import Endpoint
    from agentrun.engine.http.switchboard import EngineOptions
    from agentrun.engine.opening import EngineChoice


SUBCOMMANDS = {"dial": dial_command}


def engine_command(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")
    ] = 8765,
    responder: minds.Responder = "",
    chat_url: minds.ChatUrl = None,
    chat_model: minds.ChatModel = None,
    script: minds.ScriptFile = None,
    stt_url: minds.SttUrl = None,
    stt_model: minds.SttModel = "whisper-1",
    tts_url: minds.TtsUrl = None,
    tts_model: minds.TtsModel = "tts-1",
    tts_voice: minds.TtsVoice = None,
    api_key: Annotated[
        list[str] | None,
        typer.Option(
            envvar="AGENTRUN_ENGINE_API_KEY",
            show_envvar=True,
            help="Key that is let in; may be given more than once. Without it any key, and none, will do.",
        ),
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak https and wss, with a certificate made for this machine.")
    ] = False,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Speak https and wss with this certificate (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="Its key (PEM), if it is not in the same file.")
    ] = None,
    max_sessions: Annotated[int, typer.Option(min=1, help="How many sessions may be open at once.")] = 500,
    session_minutes: Annotated[int, typer.Option(min=1, help="When a session is closed.")] = 60,
    lenient: Annotated[
        bool,
        typer.Option("--lenient", help="Drop parameters that the API does not know."),
    ] = False,
    overlap: Annotated[
        bool, typer.Option(help="Let a function call begin while the words before it are still spoken.")
    ] = True,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|RULES",
            help='What goes wrong on purpose, such as "response#2: fail" or a YAML file.',
        ),
    ] = None,
    webhook_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where to tell of telephone calls that `engine dial` makes."),
    ] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(
            metavar="SECRET",
            envvar="OPENAI_WEBHOOK_SECRET",
            show_envvar=True,
            help="What webhooks are signed with: `whsec_…`.",
        ),
    ] = None,
    ring_seconds: Annotated[
        float, typer.Option(min=0, help="How long a call rings that nobody accepts.")
    ] = 60,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens in sessions.")] = False,
) -> None:
    """Serve the Realtime protocol offline, so that any client of it can be tried without a key.

    Example: agentrun engine --port 8765

    Example: agentrun engine --tls --api-key sk-test

    Example: agentrun engine --chat-url http://127.0.0.1:11434/v1 --chat-model qwen3

    Example: agentrun engine --faults "connect#1: refuse 429 retry_after=2; response p=0.1: fail"

    Example: agentrun engine --script replies.yaml --tts-url http://127.0.0.1:8880/v1 --tts-voice af_heart

    Example: agentrun engine --webhook-url http://127.0.0.1:8000/webhook --webhook-secret whsec_c2VjcmV0
    """
    if context.invoked_subcommand is not None:
        return
    import asyncio

    from agentrun.engine.faults import load_faults
    from agentrun.engine.http.access import is_loopback
    from agentrun.engine.http.switchboard import EngineOptions
    from agentrun.engine.options import SessionOptions
    from agentrun.secret import Secret

    given = minds.MindOptions(
        responder, chat_url, chat_model, script, stt_url, stt_model, tts_url, tts_model, tts_voice
    )
    choice = given.choose()
    start_logging(verbose=verbose, quiet="WARNING")
    keys = tuple(Secret(key) for key in api_key or () if key)
    loopback = is_loopback(host)
    if not keys and not loopback:
        typer.echo(f"agentrun: anybody who reaches {host} can use this engine; see --api-key", err=True)
    options = EngineOptions(
        keys,
        loopback_only=loopback,
        max_sessions=max_sessions,
        session_limit_ms=session_minutes * 60_000,
        session=SessionOptions(lenient=lenient, overlap=overlap),
        faults=load_faults(faults) if faults else None,
        webhook=_find_endpoint(webhook_url, webhook_secret),
        ring_limit_s=ring_seconds,
    )
    asyncio.run(_serve(host, port, choice, options, _open_tls(tls, tls_cert, tls_key)))


def _find_endpoint(url: str | None, secret: str | None) -> Endpoint | None:
    """Return where webhooks go; a secret alone may be that of another program's environment."""
    from agentrun.engine.calls.webhook import parse_endpoint

    if url is None:
        return None
    if not secret:
        raise typer.BadParameter("it needs `--webhook-secret`", param_hint="--webhook-url")
    try:
        return parse_endpoint(url, secret)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--webhook-url") from error


def _open_tls(make: bool, certificate: Path | None, key: Path | None) -> tuple[ssl.SSLContext, str] | None:
    """Return what serves TLS, and a line for the operator; None without TLS."""
    import datetime
    import os

    from agentrun.engine.tls import find_folder, load_certificate, make_certificate

    if certificate is not None:
        if make:
            raise typer.BadParameter("either it or `--tls-cert` is meant", param_hint="--tls")
        return load_certificate(certificate, key), ""
    if key is not None:
        raise typer.BadParameter("it needs `--tls-cert`", param_hint="--tls-key")
    if not make:
        return None
    context, authority = make_certificate(find_folder(os.environ), datetime.datetime.now(datetime.UTC))
    return context, (
        f"clients must trust {authority}: SSL_CERT_FILE={authority} (Python),"
        f" NODE_EXTRA_CA_CERTS={authority} (Node.js)"
    )


async def _serve(
    host: str,
    port: int,
    choice: EngineChoice,
    options: EngineOptions,
    tls: tuple[ssl.SSLContext, str] | None,
) -> None:
    import asyncio

    from agentrun.engine.opening import open_engine
    from agentrun.engine.server import listen
    from agentrun.runtime.signals import catch_signals

    context, trust = tls or (None, "")
    stop = asyncio.Event()
    async with (
        open_engine(choice) as (parts, degraded),
        listen(parts, host, port, options=options, tls=context) as real_port,
    ):
        # a second signal comes when nothing catches it any more, and ends the process at once
        with catch_signals(stop.set):
            for line in degraded:
                typer.echo(f"agentrun: {line}", err=True)
            _announce(host, real_port, "s" if tls else "")
            if trust:
                typer.echo(trust)
            await stop.wait()


def _announce(host: str, port: int, secure: str) -> None:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    url = f"http{secure}://{place}/v1"
    typer.echo(f"engine ready at ws{secure}://{place}/v1/realtime; use it with OPENAI_BASE_URL={url}")
