"""What somebody wants to be simulated: the body of `POST /simulate/calls`, read and checked."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass

from agentrun.audio import parse_wav
from agentrun.engine.calls.phone import KEYS, Keys, Patience, Sound, Step, Words
from agentrun.engine.checks import (
    Check,
    check_base64,
    check_list,
    check_map,
    check_number,
    check_pattern,
    check_shape,
    refuse,
)
from agentrun.wire.json import JsonObject

MAX_RECORDING_MS = 5 * 60_000
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000
MAX_BODY_BYTES = 32 * 1024 * 1024
"""Enough for a recording of that length at 16 kHz, with three times the room."""

NOBODY = "anonymous@anonymous.invalid"
"""Who calls where nothing is said about it: RFC 3323."""
_HOST = "sip.example.com"
_TOKEN = re.compile(r"[\w.!%*+`'~-]+", re.ASCII)

_check_line = check_pattern(r"(?=[\s\S]*\S)[\s\S]{1,1000}")
_check_value = check_pattern(r"[^\r\n\0]{1,1000}")
_check_keys = check_pattern(f"[{re.escape(KEYS)}]{{1,64}}")
_check_wait = check_number(0, 60_000, whole=True)
_STEP: dict[str, Check] = {"say": _check_line, "wav": check_base64, "dtmf": _check_keys}
_PATIENCE: dict[str, Check] = {
    "greeting_ms": _check_wait,
    "answer_ms": _check_wait,
    "settle_ms": _check_wait,
    "key_ms": _check_wait,
    "call_ms": check_number(1_000, 10 * 60_000, whole=True),
}
_ORDER: dict[str, Check] = {
    "say": check_list(_check_line, most=100),
    "wav": check_base64,
    "dtmf": _check_keys,
    "steps": check_list(check_shape(_STEP), most=100),
    "from": _check_value,
    "to": _check_value,
    "headers": check_map(_check_value, most=50, key_length=100),
    "patience": check_shape(_PATIENCE),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One call to simulate.

    Attributes:
        script: what the caller does.
        sip_headers: of the INVITE, in order.
        patience: of the caller.

    """

    script: tuple[Step, ...]
    sip_headers: tuple[tuple[str, str], ...]
    patience: Patience


def parse_order(body: JsonObject) -> Order:
    """Read an order.

    Without `steps` the caller says the lines of `say`, plays `wav` and presses the keys of `dtmf`, in this
    order; `steps` is a list of objects with one of these members each, for any other order.

    Raises:
        RemoteProtocolError: something in it is not allowed; `param` tells what.

    """
    for name, value in body.items():
        if name not in _ORDER:
            refuse(f"Unknown parameter: '{name}'.", "unknown_parameter", name)
        _ORDER[name](value, name)
    return Order(_read_script(body), _read_headers(body), Patience(**body.get("patience", {})))


def _read_script(body: JsonObject) -> tuple[Step, ...]:
    short = [name for name in _STEP if name in body]
    if "steps" not in body:
        lines: list[Step] = [Words(line) for line in body.get("say", ())]
        return (*lines, *(_read_step(name, body[name], name) for name in short if name != "say"))
    if short:
        refuse(f"Only one of 'steps' and '{short[0]}' may be given.", "invalid_value", short[0])
    steps: list[Step] = []
    for at, step in enumerate(body["steps"]):
        if len(step) != 1:
            refuse(f"'steps[{at}]' must have exactly one member.", "invalid_value", f"steps[{at}]")
        steps += [_read_step(name, value, f"steps[{at}].{name}") for name, value in step.items()]
    return tuple(steps)


def _read_step(name: str, value: str, path: str) -> Step:
    match name:
        case "say":
            return Words(value)
        case "dtmf":
            return Keys(value)
        case _:
            return _read_recording(value, path)


def _read_recording(encoded: str, path: str) -> Sound:
    try:
        wav = parse_wav(base64.b64decode(encoded))
    except ValueError as error:
        refuse(f"Invalid '{path}': {error}.", "invalid_value", path)
    if not MIN_RATE_HZ <= wav.rate_hz <= MAX_RATE_HZ:
        message = f"Invalid '{path}': expected {MIN_RATE_HZ} to {MAX_RATE_HZ} samples a second."
        refuse(message, "invalid_value", path)
    sound = Sound(wav.pcm, wav.rate_hz)
    if not wav.pcm or sound.duration_ms > MAX_RECORDING_MS:
        minutes = MAX_RECORDING_MS // 60_000
        message = f"Invalid '{path}': expected a recording of at most {minutes} minutes that is not empty."
        refuse(message, "invalid_value", path)
    return sound


def _read_headers(body: JsonObject) -> tuple[tuple[str, str], ...]:
    """Return the headers of the INVITE; those that are given replace the usual ones of the same name."""
    given = body.get("headers", {})
    for name in given:
        if not _TOKEN.fullmatch(name):
            refuse(f"Invalid 'headers': '{name}' is no name of a SIP header.", "invalid_value", "headers")
    usual = {
        "From": complete_address(body.get("from", NOBODY)),
        "To": complete_address(body.get("to", f"agent@{_HOST}")),
        "Call-ID": secrets.token_hex(16),
    }
    replaced = {name.lower() for name in given}
    kept = {name: value for name, value in usual.items() if name.lower() not in replaced}
    return (*kept.items(), *given.items())


def complete_address(address: str) -> str:
    """Return a SIP address: `+4930123` becomes `sip:+4930123@sip.example.com`."""
    if re.match(r"(.*<)?(sips?|tel):", address, re.IGNORECASE):
        return address
    return f"sip:{address}" if "@" in address else f"sip:{address}@{_HOST}"
