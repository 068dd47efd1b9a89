"""From the output of a tool to a sentence.

Outputs are JSON of any shape, or text. agentrun's own envelope (`outcome`, `tool`, `result`, `error`) is
understood, and so are the habits of other programs (`{"error": …}`, `{"success": false}`). What is not known
to have worked is never told as if it had.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from agentrun.engine.responders.rehearsal.language import Language
from agentrun.wire.json import JsonObject, JsonValue

_TEXT_KEYS = ("say", "speech", "message", "text", "summary", "answer", "안내", "메시지")
_STATUS_KEYS = ("success", "ok", "succeeded")
_ERROR_KEYS = ("error", "errors", "error_message", "isError")
_DONE = ("ok", "done", "success", "succeeded")
_MOST_ENTRIES = 3
_MOST_NAMES = 20
_MOST_PAIRS = 8
_LONGEST = 700
_LONGEST_LEAD = 40
_FAILED = re.compile(r"\s*(?:error|exception|failed|failure)\s*[:\-–]\s*", re.I)
_PRICE = re.compile("price|total|amount|balance|cost|fee|sum|charge", re.I)
_ADVICE = re.compile(
    r"\s*(?:It is not known whether|Do not tell|Do not repeat|say that you could not).*$", re.S
)


def tell_output(output: str, language: Language, asked: JsonObject | None = None) -> str:
    """Return what came of one tool call, in words.

    Args:
        output: what the tool answered.
        language: of the caller.
        asked: the arguments of the call; what the caller said is not told back where there is more to tell.

    """
    value = _leave_out_echo(_parse(output), asked or {})
    if (
        isinstance(value, dict)
        and isinstance(value.get("outcome"), str)
        and ({"result", "error", "tool"} & value.keys())
    ):
        return _tell_envelope(value, language)
    return _shorten(tell_result(value, language))


def _leave_out_echo(value: JsonValue, asked: JsonObject) -> JsonValue:
    """Leave out of a result what only repeats the arguments, but for what it begins with."""
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("result"), dict) and "outcome" in value:
        return value | {"result": _leave_out_echo(value["result"], asked)}
    echo = [key for key, entry in list(value.items())[1:] if key in asked and entry == asked[key]]
    return {key: entry for key, entry in value.items() if key not in echo}


def tell_result(value: JsonValue, language: Language) -> str:
    """Return a result in words: a text as it is, an object as a sentence, a list as its first entries."""
    match value:
        case None | "" | True:
            return language.phrase("done")
        case False:
            return language.phrase("failed")
        case str() if _FAILED.match(value):
            return language.tell_failure(_FAILED.sub("", value).strip())
        case str():
            text = value.strip()
            text = text.capitalize() if text.isalpha() and text.islower() else text
            return text if text.endswith((".", "!", "?", "…")) else f"{text}."
        case list():
            return _tell_list(value, language)
        case dict():
            return _tell_object(value, language)
    return f"{language.say_value('', value)}."


def _tell_envelope(envelope: JsonObject, language: Language) -> str:
    error = envelope.get("error")
    message = _find_message(error)
    match envelope["outcome"]:
        case "ok":
            return _shorten(tell_result(envelope.get("result"), language))
        case "unknown":
            said = _ADVICE.sub("", message).strip()
            return f"{language.phrase('unknown')} {tell_result(said, language) if said else ''}".strip()
        case "cancelled":
            return language.phrase("cancelled")
    return _shorten(language.tell_failure(message))


def _tell_object(value: JsonObject, language: Language) -> str:
    failure = _find_failure(value)
    if failure is not None:
        return language.tell_failure(failure)
    if value.get("found") is False:
        return language.phrase("nothing_found")
    known = {
        key: entry
        for key, entry in value.items()
        if entry is not None and key not in (*_STATUS_KEYS, "found")
    }
    text = next(
        (str(known[key]) for key in _TEXT_KEYS if isinstance(known.get(key), str) and known[key]), None
    )
    if text is not None:
        return tell_result(text, language)
    if len(known) == 1 and known.get("status") in _DONE:
        return language.phrase("done")
    if len(known) == 1:
        key, only = next(iter(known.items()))
        if isinstance(only, (list, dict)) and _is_deep(only):
            return tell_result(_name_id(key, only), language)
    if set(known) == {"id"}:
        return f"{language.phrase('done')} {_tell_members(known, language)}"
    return _tell_members(known, language) if known else language.phrase("done")


def _name_id(key: str, value: JsonValue) -> JsonValue:
    """Let the id of a thing begin with what it is: `{"order": {"id": …}}` tells of an order."""
    if not isinstance(value, dict) or next(iter(value), "") != "id":
        return value
    return {f"{key}_id": value["id"]} | {name: entry for name, entry in value.items() if name != "id"}


def _tell_members(known: JsonObject, language: Language) -> str:
    flat = {key: entry for key, entry in known.items() if not _is_deep(entry)}
    deep = [_name_id(key, entry) for key, entry in known.items() if _is_deep(entry)]
    pairs = [(key, entry) for key, entry in _join_units(flat).items() if entry not in ([], {}, "")]
    told = [language.tell_pairs(pairs[:_MOST_PAIRS], None)] if pairs else []
    told += [tell_result(entry, language) for entry in deep[:_MOST_ENTRIES]]
    return " ".join(part for part in told if part) or language.phrase("nothing_found")


def _tell_list(entries: list[JsonValue], language: Language) -> str:
    if not entries:
        return language.phrase("nothing_found")
    if len(entries) == 1:
        return tell_result(entries[0], language)
    entries = _unwrap_alike(entries)
    if not any(isinstance(entry, (dict, list)) for entry in entries):
        said = language.join([language.say_value("", entry) for entry in entries[:_MOST_NAMES]])
        return f"{said[:1].upper()}{said[1:]}."
    told = [_tell_entry(entry, language) for entry in entries[:_MOST_ENTRIES]]
    return " ".join([language.tell_found(len(entries)), *told])


def _unwrap_alike(entries: list[JsonValue]) -> list[JsonValue]:
    """Take the values out of objects that have but one key, and all the same."""
    keys = {tuple(entry) if isinstance(entry, dict) else () for entry in entries}
    if len(keys) != 1 or len(next(iter(keys))) != 1:
        return entries
    return [value for entry in entries if isinstance(entry, dict) for value in entry.values()]


def _tell_entry(entry: JsonValue, language: Language) -> str:
    """Tell one of several things, beginning with what sets it apart: its first text."""
    if not isinstance(entry, dict) or len(entry) < 2 or any(_is_deep(value) for value in entry.values()):
        return tell_result(entry, language)
    (key, first), *rest = _join_units(entry).items()
    if not isinstance(first, str) or not first or len(first) > _LONGEST_LEAD:
        return tell_result(entry, language)
    return language.tell_pairs(
        [(k, value) for k, value in rest if value not in (None, [], {}, "")], language.say_value(key, first)
    )


def _join_units(flat: JsonObject) -> JsonObject:
    """Put a currency or a unit beside the one amount it belongs to."""
    amounts = [
        key for key, entry in flat.items() if isinstance(entry, (int, float)) and not isinstance(entry, bool)
    ]
    priced = [key for key in amounts if _PRICE.search(key)]
    flat = _join_unit(flat, "currency", amounts if len(amounts) == 1 else priced)
    return _join_unit(flat, "unit", [key for key in amounts if key not in priced])


def _join_unit(flat: JsonObject, key: str, amounts: Sequence[str]) -> JsonObject:
    unit = flat.get(key)
    if not isinstance(unit, str) or len(amounts) != 1:
        return flat
    amount = flat[amounts[0]]
    exact = isinstance(amount, float) and key == "currency"
    spoken = f"{amount:.2f}" if exact else f"{amount:g}" if isinstance(amount, float) else str(amount)
    unit = {"celsius": "°C", "fahrenheit": "°F"}.get(unit.lower(), unit)
    return {k: f"{spoken} {unit}" if k == amounts[0] else v for k, v in flat.items() if k != key}


def _find_failure(value: JsonObject) -> str | None:
    """Return the message of a result that reports a failure, or None."""
    errors: Sequence[JsonValue] = [value[key] for key in _ERROR_KEYS if value.get(key)]
    if errors:
        told = _find_message(errors[0])
        return _find_message(value) or told if " " not in told else told
    code = value.get("status_code", value.get("code"))
    if isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599:
        return _find_message(value)
    if any(value.get(key) is False for key in _STATUS_KEYS) or value.get("status") in (
        "error",
        "failed",
        "failure",
    ):
        return _find_message(value)
    return None


def _find_message(error: JsonValue) -> str:
    if isinstance(error, str):
        return error
    if isinstance(error, list):
        return _find_message(error[0]) if error else ""
    if not isinstance(error, dict):
        return ""
    told = (error[key] for key in ("message", "detail", "reason", "text") if isinstance(error.get(key), str))
    return next(told, _find_message(error["content"]) if isinstance(error.get("content"), list) else "")


def _is_deep(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return True
    return isinstance(value, list) and any(isinstance(entry, (dict, list)) for entry in value)


def _parse(output: str) -> JsonValue:
    try:
        return json.loads(output)
    except (ValueError, RecursionError):
        return output


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + " …"
