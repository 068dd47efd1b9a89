"""Python functions as tools: their schema from the signature and docstring, and how they are run.

    def lookup_order(order_id: Annotated[str, {"pattern": r"^A\\d{4}$"}], call: agentrun.Call) -> dict: ...

Sync functions run in threads, async ones on the loop. What the function returns must have a JSON form
(`outcome.to_json`). To tell the model why something is not possible, a function raises `agentrun.ToolError`
with a sentence: that is the tool's own word that it did not do what was asked. Any other exception reaches
the model as its type only, and the log with its stack. Nobody knows how far a write had come then, so its
outcome is `unknown`; that of a read is `failed`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agentrun.errors import ToolError
from agentrun.outcome import to_json
from agentrun.plan import FunctionSchema, PythonTarget, ToolBinding
from agentrun.tools.arguments import InvalidArguments
from agentrun.tools.call import CallContext, without_answer
from agentrun.tools.docstring import parse_docstring
from agentrun.tools.loading import load_function
from agentrun.tools.printing import tool_prints
from agentrun.tools.shapes import Shape, UnsupportedHint, shape_of, with_default
from agentrun.tools.threads import ThreadStarter
from agentrun.wire.json import JsonObject, JsonValue

logger = logging.getLogger("agentrun.tools")


@dataclass(frozen=True, slots=True)
class PythonFunction:
    """A loaded function and what its signature says.

    Attributes:
        shapes: one for each parameter that the model fills in, in order.
        required: names of those without a default.
        context_parameters: names of the parameters that receive the call.

    """

    function: Callable[..., Any]
    shapes: Mapping[str, Shape]
    required: tuple[str, ...]
    context_parameters: tuple[str, ...]

    def convert(self, arguments: JsonObject, context: CallContext) -> dict[str, Any]:
        """Return the keyword arguments of the function for checked JSON arguments.

        Raises:
            InvalidArguments: a value cannot be converted, or a name is not a parameter.

        """
        values: dict[str, Any] = dict.fromkeys(self.context_parameters, context)
        for name, value in arguments.items():
            if name not in self.shapes:
                raise InvalidArguments(f"there is no argument `{name}`")
            try:
                values[name] = self.shapes[name].convert(value)
            except Exception as error:  # the border round a user's types: they may check in their own code
                text = str(error) or type(error).__name__
                raise InvalidArguments(f"`{name}`: {text[:300]}") from error
        if missing := [name for name in self.required if name not in values]:
            raise InvalidArguments("lacks " + " and ".join(f"`{name}`" for name in missing))
        return values


def describe_function(target: PythonTarget) -> FunctionSchema:
    """Import a function and describe it for the model.

    Raises:
        ToolNotFound: there is no such module or function.
        ToolError: the module cannot be imported, or a type hint has no JSON Schema; the message names the
            file, the line and the remedy.

    """
    function = load_function(target)
    read = _read_signature(function)
    doc = parse_docstring(inspect.getdoc(function))
    properties: JsonObject = {}
    for name, shape in read.shapes.items():
        described = doc.parameters.get(name)
        extra: JsonObject = {"description": described} if described else {}
        properties[name] = shape.schema | extra
    parameters: JsonObject = {"type": "object", "properties": properties, "additionalProperties": False}
    if read.required:
        parameters["required"] = list(read.required)
    return FunctionSchema(target.function, doc.description, parameters)


def locate_function(target: PythonTarget) -> str:
    """Return where a function stands, as `file:line`; raises as `describe_function` does."""
    return _find_place(load_function(target))


def _read_signature(function: Callable[..., Any]) -> PythonFunction:
    try:
        signature = inspect.signature(function)
        hints = typing.get_type_hints(inspect.unwrap(function), include_extras=True)
    except (NameError, TypeError, AttributeError, ValueError) as error:
        raise ToolError(
            f"{_place(function)}: a type hint cannot be read ({error}); import its name at the top of the"
            " module, outside `if TYPE_CHECKING`"
        ) from error
    shapes: dict[str, Shape] = {}
    context: list[str] = []
    for name, parameter in signature.parameters.items():
        hint = hints.get(name, Any)
        if _is_context(hint):
            context.append(name)
            continue
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ToolError(
                f"{_place(function)}: `{parameter}` cannot be filled in by a model; give it a name and a type"
            )
        shapes[name] = _parameter_shape(function, parameter, hint)
    optional = {name for name, p in signature.parameters.items() if p.default is not p.empty}
    required = tuple(name for name in shapes if name not in optional)
    return PythonFunction(function, shapes, required, tuple(context))


def _parameter_shape(function: Callable[..., Any], parameter: inspect.Parameter, hint: Any) -> Shape:
    if parameter.default is None:  # `X | None = None`: leaving it out says the same as null, and is simpler
        hint = _without_none(hint)
    try:
        shape = shape_of(hint)
    except UnsupportedHint as error:
        raise ToolError(f"{_place(function)}: the type of `{parameter.name}`: {error}") from error
    return shape if parameter.default is parameter.empty else with_default(shape, parameter.default)


def _is_context(hint: Any) -> bool:
    return any(part is CallContext for part in (hint, *typing.get_args(hint)))


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) is typing.Annotated:
        inner = _without_none(hint.__origin__)
        return typing.Annotated[(inner, *hint.__metadata__)]
    members = typing.get_args(hint)
    if type(None) not in members or typing.get_origin(hint) is typing.Literal:
        return hint
    return typing.Union[tuple(member for member in members if member is not type(None))]  # noqa: UP007


def _place(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", repr(function))
    place = _find_place(function)
    return f"{place}: `{name}`" if place else f"`{name}`"


def _find_place(function: Callable[..., Any]) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""


class PythonRunner:
    """Runs the Python tools of one dispatcher."""

    def __init__(self) -> None:
        self._functions: dict[PythonTarget, PythonFunction] = {}
        self._threads = ThreadStarter()

    async def prepare(self) -> None:
        """Nothing to do: compiling the agent has imported the functions."""

    async def run(self, binding: ToolBinding, arguments: JsonObject, context: CallContext) -> JsonValue:
        """Call the function; see `ToolRunner.run`."""
        assert isinstance(binding.target, PythonTarget)
        function = self._load(binding.target)
        values = function.convert(arguments, context)
        try:
            result = await self._call(function.function, values, binding.name)
        except ToolError:
            raise
        except asyncio.CancelledError:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            text = f"`{binding.name}` cancelled itself."
            raise without_answer(binding.effect, "tool_error", text) from None
        except (Exception, SystemExit, GeneratorExit) as error:  # the border round a user's tool
            logger.exception("call %s: tool `%s` raised", context.id, binding.name)
            text = f"`{binding.name}` failed with an internal error ({type(error).__name__})."
            raise without_answer(binding.effect, "tool_error", text) from error
        try:
            return to_json(result)
        except Exception as error:
            logger.exception("call %s: tool `%s` returned no JSON", context.id, binding.name)
            text = f"`{binding.name}` ran, but what it returned cannot be read: {error}."
            raise without_answer(binding.effect, "result_not_json", text) from error

    async def aclose(self) -> None:
        """Nothing to give back: threads end by themselves or with the process."""

    def _load(self, target: PythonTarget) -> PythonFunction:
        if target not in self._functions:
            self._functions[target] = _read_signature(load_function(target))
        return self._functions[target]

    async def _call(self, function: Callable[..., Any], values: dict[str, Any], name: str) -> Any:
        def call_in_thread() -> Any:
            with tool_prints():  # once more: the thread may outlive the task that waits for it
                return function(**values)

        with tool_prints():
            if inspect.iscoroutinefunction(inspect.unwrap(function)):
                return await function(**values)
            result = await self._threads.run(call_in_thread, name=name)
            # A wrapper round an async function looks sync, but hands us its coroutine.
            return await result if inspect.isawaitable(result) else result
