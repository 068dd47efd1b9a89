from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentrun.compiler import compile_agent
from agentrun.config import AgentSpec
from agentrun.config.model import (
    BuiltinSpec,
    GreetingSpec,
    HttpSpec,
    ModelSpec,
    PlaceholderSpec,
    SessionSpec,
    ToolSpec,
    VariableSpec,
)
from agentrun.errors import ConfigError
from agentrun.plan import (
    BROWSER,
    CallPlan,
    FunctionSchema,
    Greeting,
    HttpTarget,
    Placeholder,
    PythonTarget,
    ToolBinding,
)
from agentrun.secret import Secret
from agentrun.wire.json import JsonValue

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def describe(target: PythonTarget) -> FunctionSchema:
    return FunctionSchema(
        target.function, "From the docstring {{untouched}}", {"type": "object", "properties": {}}
    )


def make(**fields: JsonValue) -> AgentSpec:
    return AgentSpec(
        **{"path": "a.yaml", "root": "/p", "version": 1, "name": "a", "instructions": "Help.", **fields}
    )


def compile_(spec: AgentSpec, **options: JsonValue) -> CallPlan:
    return compile_agent(spec, **{"describe_python": describe, "now": NOON, **options})


def test_names_are_filled_in_everywhere_but_in_http() -> None:
    http = ToolSpec(
        name="t",
        description="For {{shop}}",
        http=HttpSpec("https://a.b/{{shop}}"),
        placeholder=PlaceholderSpec(say="{{shop}} looks"),
    )
    spec = make(
        instructions="{{shop}}, {{ today }}, {{call.from}}<{{call.to}}>",
        greeting=GreetingSpec(instructions="greet for {{shop}}", interruptible=False),
        variables={"shop": VariableSpec("Harbour {{x}}")},
        tools=(http,),
    )
    plan = compile_(spec, call={"from": "+1"})
    assert plan.session["instructions"] == "Harbour {{x}}, 2026-11-21, +1<>"
    assert plan.greeting == Greeting(instructions="greet for Harbour {{x}}", interruptible=False)
    assert plan.tools[0].placeholder == Placeholder(say="Harbour {{x}} looks")
    assert plan.tools[0].description == "For Harbour {{x}}"
    assert isinstance(plan.tools[0].target, HttpTarget)
    assert plan.tools[0].target.url == "https://a.b/{{shop}}"
    assert plan.variables == {"shop": "Harbour {{x}}"}


def test_values_of_the_call_win_and_keep_their_type() -> None:
    spec = make(
        instructions="{{n}} {{b}} {{none}}|", variables={k: VariableSpec(None) for k in ("n", "b", "none")}
    )
    plan = compile_(spec, variables={"n": 3, "b": True}, call={"call.from": "+1"})
    assert plan.session["instructions"] == "3 true |"
    assert plan.variables == {"n": 3, "b": True, "none": None}


def test_required_and_undeclared_variables_are_named() -> None:
    spec = make(variables={"tier": VariableSpec(required=True), "shop": VariableSpec("x")})
    with pytest.raises(ConfigError) as caught:
        compile_(spec, variables={"shpo": "y"})
    assert [d.message for d in caught.value.diagnostics] == [
        "the variable `tier` must be given",
        "the agent has no variable `shpo`",
    ]
    assert compile_(spec, variables={"tier": ""}).variables["tier"] == ""


def test_secret_variables_are_hidden_and_named() -> None:
    spec = make(
        variables={
            "pin": VariableSpec(secret=True),
            "env": VariableSpec(Secret("s")),
            "open": VariableSpec("o"),
        }
    )
    plan = compile_(spec, variables={"pin": "1234"})
    assert plan.secret_variables == {"pin", "env"}
    assert plan.variables == {"pin": Secret("1234"), "env": Secret("s"), "open": "o"}
    assert "1234" not in repr(plan)


def test_tools_of_every_kind() -> None:
    plan = compile_(
        make(
            tools=(
                ToolSpec(python="tools.orders:lookup", effect="read"),
                ToolSpec(
                    python="tools.orders:cancel",
                    name="stop",
                    description="Own",
                    parameters={"type": "object"},
                ),
                ToolSpec(name="get", http=HttpSpec("https://a.b")),
                ToolSpec(name="post", http=HttpSpec("https://a.b", json={"a": 1})),
                ToolSpec(builtin=BuiltinSpec("hang_up"), name="bye"),
                ToolSpec(builtin=BuiltinSpec("transfer", to="tel:+49")),
            )
        )
    )
    nothing = {"type": "object", "properties": {}}
    assert [(t.name, t.kind, t.effect, t.on_hangup) for t in plan.tools] == [
        ("lookup", "python", "read", "cancel"),
        ("stop", "python", "write", "finish"),
        ("get", "http", "read", "cancel"),
        ("post", "http", "write", "finish"),
        ("bye", "builtin", "write", "finish"),
    ]
    assert plan.tools[0] == ToolBinding(
        "lookup",
        "From the docstring {{untouched}}",
        nothing,
        PythonTarget("tools.orders", "lookup", "/p"),
        effect="read",
        on_hangup="cancel",
    )
    assert (plan.tools[1].description, plan.tools[1].parameters) == ("Own", {"type": "object"})
    assert plan.session["tools"][4]["name"] == "bye"
    assert plan.session["tools"][4]["description"].startswith("End the call")


def test_methods_follow_from_bodies() -> None:
    plan = compile_(
        make(
            tools=(
                ToolSpec(name="a", http=HttpSpec("https://a.b", body="x")),
                ToolSpec(name="b", http=HttpSpec("https://a.b", method="PUT", form={})),
                ToolSpec(name="c", http=HttpSpec("https://a.b", method="HEAD")),
            )
        )
    )
    assert [t.target.method for t in plan.tools if isinstance(t.target, HttpTarget)] == [
        "POST",
        "PUT",
        "HEAD",
    ]
    assert [t.effect for t in plan.tools] == ["write", "write", "read"]


def test_model_limits_language_and_channel() -> None:
    model = ModelSpec("m", provider="compatible", base_url="http://x", api_key="plain", region="eu")
    plan = compile_(make(model=model, language="ko", session=SessionSpec(max_duration_ms=5000)))
    assert plan.model.api_key == Secret("plain")
    assert (plan.model.name, plan.model.base_url, plan.model.region) == ("m", "http://x", "eu")
    assert (plan.language, plan.channel, plan.limits.max_duration_ms) == ("ko", BROWSER, 5000)


def test_equal_arguments_give_equal_plans() -> None:
    spec = make(instructions="{{now}}", tools=(ToolSpec(builtin=BuiltinSpec("hang_up")),))
    assert compile_(spec) == compile_(spec)
    assert compile_(spec, now=None).session["instructions"] != ""


def test_plans_do_not_share_what_the_file_said() -> None:
    spec = make(overrides={"include": ["a"]})
    compile_(spec).session["include"].append("b")
    assert spec.overrides == {"include": ["a"]}
