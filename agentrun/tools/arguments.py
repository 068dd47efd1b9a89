"""Check the arguments that the model wrote, and word what is wrong so that it can correct itself."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from agentrun.tools.call import CodedFailure
from agentrun.tools.shapes import FORMATS
from agentrun.wire.json import JsonObject, JsonValue

_MOST_ERRORS = 5
_LONGEST_VALUE = 80


class InvalidArguments(CodedFailure):
    """The arguments do not fit; the tool has not been started."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_arguments", f"The arguments were not accepted: {message}")


class ArgumentChecker:
    """Parses and checks the arguments of one tool; building it costs, checking does not."""

    def __init__(self, parameters: JsonObject) -> None:
        self._validator = Draft202012Validator(parameters, format_checker=FORMATS)
        self._properties: JsonObject = parameters.get("properties", {})
        self._required = frozenset(parameters.get("required", ()))

    def parse(self, text: str) -> JsonObject:
        """Return the checked arguments; empty text means none.

        A null for an optional argument that may not be null counts as absent, because models write that.

        Raises:
            InvalidArguments: the text is not a JSON object, or does not satisfy the schema.

        """
        arguments = self._without_empty(_parse_object(text))
        errors = sorted(self._validator.iter_errors(arguments), key=lambda e: [str(p) for p in e.path])
        if errors:
            texts = list(dict.fromkeys(self._describe(error) for error in errors))
            more = f" (and {len(texts) - _MOST_ERRORS} more)" if len(texts) > _MOST_ERRORS else ""
            raise InvalidArguments("; ".join(texts[:_MOST_ERRORS]) + more)
        return arguments

    def _without_empty(self, arguments: JsonObject) -> JsonObject:
        def is_absent(name: str, value: JsonValue) -> bool:
            if value is not None or name in self._required or name not in self._properties:
                return False
            return not self._validator.evolve(schema=self._properties[name]).is_valid(None)

        return {name: value for name, value in arguments.items() if not is_absent(name, value)}

    def _describe(self, error: ValidationError) -> str:
        path = ".".join(str(part) for part in error.absolute_path)
        described = self._properties.get(path.partition(".")[0], {})
        hint = described.get("description") if isinstance(described, dict) else None
        text = f"`{path}` {_reason(error)}" if path else _reason(error)
        return f"{text} ({hint})" if hint else text


def _parse_object(text: str) -> JsonObject:
    def refuse(name: str) -> JsonValue:
        raise ValueError(f"{name} is not JSON")

    try:
        arguments = json.loads(text or "{}", parse_constant=refuse)
        text.encode()
        json.dumps(arguments, ensure_ascii=False).encode()  # half a surrogate pair breaks whatever reads it
    except (ValueError, RecursionError) as error:
        raise InvalidArguments(
            f"they are not valid JSON ({str(error)[:200]}); send one JSON object"
        ) from error
    if not isinstance(arguments, dict):
        raise InvalidArguments("they must be one JSON object")
    return arguments


def _reason(error: ValidationError) -> str:
    expected: JsonValue = error.validator_value
    value = _shorten(error.instance)
    match error.validator:
        case "required":
            present: JsonValue = error.instance
            missing = [name for name in expected if name not in present]
            return "lacks " + " and ".join(f"`{name}`" for name in missing)
        case "additionalProperties" if expected is False:
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            given: JsonValue = error.instance
            extra = [name for name in given if name not in known]
            names = ", ".join(f"`{name}`" for name in known) or "none"
            return f"has no argument {', '.join(f'`{name}`' for name in extra)}; it takes {names}"
        case "type":
            kinds = [expected] if isinstance(expected, str) else expected
            return f"must be of type {' or '.join(kinds)}, not {value}"
        case "enum":
            return f"must be one of {', '.join(_shorten(choice) for choice in expected)}, not {value}"
        case "pattern":
            return f"must match {expected}, which {value} does not"
        case "format":
            return f"must be a {expected}, which {value} is not"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            relation = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
            return f"must be {relation.get(error.validator, 'less than')} {expected}, not {value}"
    return error.message[:200]


def _shorten(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
