from __future__ import annotations

from datetime import date

import pytest

from tests.config.conftest import Check

VAD = "{type: server_vad, threshold: 1}"
HTTP = "tools:\n  - name: t\n    description: d\n    http: {url: '%s'}\n"
PYTHON = {
    "tools/orders.py": "from json import dumps as dump\nimport os\nLIMIT = 3\nOTHER: int = 4\n"
    "try:\n    import x\nexcept ImportError:\n    def fallback(a): ...\n"
    "def lookup(order_id, call: 'agentrun.Call', *, deep=False): ...\n"
    "async def anything(**values): ...\nclass Desk: ...\n",
    "tools/broken.py": "def lookup(:\n",
    "tools/star.py": "from os.path import *\n",
    "package/__init__.py": "def run(): ...\n",
}

OAUTH = HTTP.replace(
    "'%s'", "'https://a.b', auth: {oauth2: {token_url: '%s', client_id: a, client_secret: '${SET}'}}"
)


def python(target: str, parameters: str = "") -> str:
    more = f"\n    parameters: {parameters}" if parameters else ""
    return f"tools:\n  - python: {target}{more}\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("model: gpt-realtime-2.1-mini", []),
        ("model: gpt-realtime-3", ["AR301"]),
        ("model: {name: anything, provider: compatible, base_url: 'http://127.0.0.1:1/v1'}\nvoice: bob", []),
        ("model: {name: x, provider: azure}", ["AR309"]),
        ("model: {name: gpt-realtime, parallel_tool_calls: true}", ["AR302", "AR304"]),
        ("model: {name: gpt-realtime-1.5, max_output_tokens: 5000}", ["AR304"]),
        ("model: {max_output_tokens: 5000}", []),
        ("voice: {id: voice_1, speed: 1.2}", []),
        ("voice: bob", ["AR303"]),
        ("language: no", []),
        ("language: english", ["AR307"]),
        ("language: kr", ["AR307"]),
        ("transcription: {model: gpt-transcribe, languages: [en, xx]}", ["AR307"]),
        ("transcription: off", []),
        ("transcription: whisper-2", ["AR301"]),
        ("transcription: whisper-1", ["AR302"]),
        ("transcription: {prompt: names}", ["AR305"]),
        ("tool_choice: required", ["AR308"]),
        ("tool_choice: hang_up\ntools: [{builtin: hang_up}]", []),
        ("prompt: {id: p}", ["AR306"]),
        (HTTP % "https://a.b:8/{{call.id}}?q={{today}}", []),
        (HTTP % "ftp://a.b", ["AR407"]),
        (HTTP % "https:///x", ["AR407"]),
        (HTTP % "https://a.b:x/", ["AR407"]),
        (HTTP % "https://[1/", ["AR407"]),
        (HTTP % "https://{{now}}.a.b/", ["AR407"]),
        (HTTP % "${SET}/x", ["AR407"]),
        (HTTP % "${UNSET}/x", ["AR101"]),
        ("tools: [{builtin: hang_up, name: 'a:b'}]", ["AR401"]),
        ("tools: [{builtin: hang_up, placeholder: Wait, timeout: 500ms}]", ["AR408"]),
        (HTTP.replace("'%s'", "'https://a.b', method: GET") + "    retry: {attempts: 2}\n", []),
        (HTTP % "https://a.b" + "    effect: write\n    retry: {attempts: 2}\n", ["AR409"]),
        (HTTP % "https://a.b" + "    retry: {attempts: 2, on: [conect]}\n", ["AR213"]),
        (HTTP % "https://a.b" + "    retry: {attempts: 2, on: [99]}\n", ["AR214"]),
        (HTTP % "https://a.b" + "    timeout: 0s\n", ["AR214"]),
        (HTTP % "https://a.b" + "    placeholder: {say: Wait, after: 0s, every: 0.1ms}\n", ["AR214"]),
        ("session: {max_duration: 0m}", ["AR214"]),
        ("session: {reconnect: {initial: 2s, maximum: 1500ms}}", ["AR901", "AR214"]),
        ("session: {reconnect: {initial: 0s, maximum: 2s}}", ["AR901"]),
        (HTTP % "https://a.b" + "    result: {select: 'a..b'}\n", ["AR416"]),
        (HTTP % "https://a.b" + "    result: {select: 'a['}\n", ["AR416"]),
        (HTTP % "https://a.b" + "    result: {select: '[?lenght(a)]'}\n", ["AR416"]),
        (HTTP % "https://a.b" + "    result: {select: '{n: length(a)}'}\n", []),
        ("tools: [{builtin: hang_up, idempotency: natural}]", []),
        ("tools: [{builtin: hang_up, retry: {attempts: 2}, effect: read}]", ["AR901"]),
        ("tools: [{builtin: hang_up, confirm: operator}]", ["AR901"]),
        ("tools: [{builtin: hang_up, key_scope: call}]", []),
        ("tools: [{builtin: hang_up, key_scope: caller}]", ["AR901"]),
        (OAUTH % "https://a.b/t", []),
        (OAUTH % "https://{{now}}/t", ["AR407"]),
        ("variables: {1a: x}\ngreeting: x", ["AR108"]),
        ("variables: {a: null}\ngreeting: '{{a}}'", []),
        ("variables: {a: '${SET}'}\ngreeting: '{{a}}'", ["AR109"]),
        ("variables: {a: {default: '${SET}'}}\ngreeting: '{{a}}'", ["AR109"]),
        ("greeting: '{{call.from}} {{today}} {{now}}'", []),
        ("greeting: '{{order_id}}'", ["AR104"]),
        ("model: {api_key: '${SET}'}\nx-mine: ${SET}", []),
        ("overrides: {include: ['${SET}']}", ["AR103"]),
        ("overrides: {anything: {at: all}}", []),
        ("tools: [{builtin: {name: transfer, to: 'tel:+49'}}]", ["AR901"]),
        (
            "handoffs: [{to: b.yaml, when: billing}]\nno_input: {after: 5s}\nbudget: {max_usd: 1}",
            ["AR901"] * 3 + ["AR501"],
        ),
        ("mcp_servers: [{label: a, url: 'https://a.b'}]", []),
        ("mcp_servers: [{label: a, url: 'https://a.b', cwd: x}]", ["AR217"]),
        ("mcp_servers: [{label: a}]", ["AR216"]),
    ],
)
def test_findings(check: Check, text: str, codes: list[str]) -> None:
    assert sorted(finding.code for finding in check(text)) == sorted(codes)


@pytest.mark.parametrize(
    ("text", "codes", "hint"),
    [
        (python("tools.orders:lookup"), [], ""),
        (python("package:run"), [], ""),
        (python("tools.orders:dump"), [], ""),
        (python("tools.orders:LIMIT"), [], ""),
        (python("tools.orders:OTHER"), [], ""),
        (python("tools.orders:fallback"), [], ""),
        (python("tools.star:join"), [], ""),
        (python("json:dumps"), [], ""),
        (python("tools.orders:lokup"), ["AR405"], "did you mean `lookup`?"),
        (python("tools.orders:zzz"), ["AR405"], "it defines `fallback`, `lookup`, `anything`"),
        (python("tools.order:lookup"), ["AR404"], "did you mean `tools.orders`?"),
        (python("nowhere.at_all:x"), ["AR404"], None),
        (python("tools.broken:lookup"), ["AR404"], None),
        (
            python(
                "tools.orders:lookup",
                "{type: object, properties: {order_id: {type: string}}, required: [order_id]}",
            ),
            [],
            "",
        ),
        (python("tools.orders:anything", "{type: object, properties: {a: {type: string}}}"), [], ""),
        (
            python(
                "tools.orders:lookup",
                "{type: object, properties: {order_id: {}, call: {}}, required: [order_id]}",
            ),
            ["AR406"],
            "it takes order_id, deep",
        ),
        (python("tools.orders:lookup", "{type: object, properties: {deep: {}}}"), ["AR406"], ""),
        (python("tools.orders:lookup", "{type: object, properties: {order_id: {}}}"), ["AR406"], None),
    ],
)
def test_python_tools(check: Check, text: str, codes: list[str], hint: str | None) -> None:
    findings = [finding for finding in check(text, PYTHON) if finding.code != "AR413"]
    assert [finding.code for finding in findings] == codes
    assert hint is None or [finding.hint for finding in findings] == [hint] * len(codes)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("{type: object, properties: {a: {type: str}}}", "`str` is no type of JSON Schema"),
        ("{type: array}", "`parameters` must be the schema of an object"),
        ("{properties: {}}", "`parameters` must be the schema of an object"),
        ("{type: object, propertys: {}}", "`propertys` is no keyword of JSON Schema"),
        ("{type: object, properties: {a: {minLenght: 1}}}", "`minLenght` is no keyword of JSON Schema"),
        ("{type: object, properties: {a: {items: {tpye: string}}}}", "`tpye` is no keyword of JSON Schema"),
        ("{type: object, required: [a]}", "`required` names `a`, which is not in `properties`"),
        (
            "{type: object, properties: {a: {minimum: low}}}",
            "the value of `minimum` is not valid in a JSON Schema",
        ),
        ("{type: object, properties: {a: {type: string, x-mine: 1, pattern: '^a$'}}, required: [a]}", None),
    ],
)
def test_parameters(check: Check, parameters: str, message: str | None) -> None:
    findings = check(HTTP % "https://a.b" + f"    parameters: {parameters}\n")
    findings = [finding for finding in findings if finding.code != "AR413"]
    assert [finding.message for finding in findings] == ([message] if message else [])


def test_http_tools_know_their_arguments(check: Check) -> None:
    parameters = "    parameters: {type: object, properties: {subject: {description: One line}}}\n"
    assert check(HTTP % "https://a.b/{{subject}}" + parameters) == []
    assert [f.code for f in check(HTTP % "https://a.b/{{subjct}}" + parameters)] == ["AR104"]


def test_the_day_decides_about_retired_models(check: Check) -> None:
    before, after = date(2027, 1, 19), date(2027, 1, 20)
    assert [f.severity for f in check("model: gpt-realtime", today=before)] == ["warning"]
    assert [f.severity for f in check("model: gpt-realtime", today=after)] == ["error"]


def test_second_tool_of_a_name_points_at_the_first(check: Check) -> None:
    finding = check("tools:\n  - builtin: hang_up\n  - builtin: hang_up\n")[0]
    assert (finding.code, finding.span.line) == ("AR402", 5)
    assert finding.notes[0].span is not None
    assert finding.notes[0].span.line == 4


def test_unused_variables_only_without_python_tools(check: Check) -> None:
    assert [f.code for f in check("variables: {a: 1}")] == ["AR105"]
    assert check("variables: {a: 1}\n" + python("tools.orders:lookup"), PYTHON) == []


def test_no_user_code_runs(check: Check) -> None:
    files = {"tools/evil.py": "raise SystemExit('ran')\ndef lookup(): ...\n"}
    assert check(python("tools.evil:lookup"), files) == []


def test_tokens_are_counted_in_instructions_and_tools(check: Check) -> None:
    prose = "Answer every question of the caller in a friendly way. " * 1300
    (finding,) = check(f"instructions: {prose}\n")
    assert (finding.code, finding.severity, finding.path) == ("AR311", "warning", ("instructions",))
    assert "about 17,875 tokens" in finding.message
    arguments = ", ".join(f"a{n}: {{description: {'한국어 ' * 40}}}" for n in range(200))
    tool = HTTP % "https://a.b" + f"    parameters: {{type: object, properties: {{{arguments}}}}}\n"
    assert [(f.code, f.path) for f in check(tool)] == [("AR311", ("tools",))]
    assert (
        check(f"model: {{name: x, provider: compatible, base_url: 'http://a'}}\ninstructions: {prose}\n")
        == []
    )


TWO_AGENTS = {
    "b.yaml": "version: 1\ninstructions: x\nname: billing\nhandoffs: [{to: agent.yaml, when: y}]\n",
    "c.yaml": "version: 1\ninstructions: x\ntools: [{builtin: hang_up}]\n",
    "t.yaml": "- builtin: hang_up\n",
}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("handoffs: [{to: c.yaml, when: y}]", []),
        ("handoffs: [{to: b.yaml, when: y}]", ["AR502"]),
        ("handoffs: [{to: b.yaml, when: y}]\ntools: [{builtin: hang_up}]", []),
        ("handoffs: [{to: b.yaml, when: y}, {to: c.yaml, when: z}]", []),
        ("handoffs: [{to: agent.yaml, when: y}]", ["AR502"]),
        ("handoffs: [{to: ../c.yaml, when: y}]", ["AR501"]),
        ("handoffs: [{to: t.yaml, when: y}]", ["AR501"]),
        ("handoffs: [{to: ., when: y}]", ["AR501"]),
        ("handoffs: [{to: c.yaml, when: y}, {to: c.yaml, when: z}]", ["AR402"]),
        (
            "handoffs: [{to: b.yaml, when: y}]\ntools: [{builtin: hang_up, name: handoff_to_billing}]",
            ["AR402"],
        ),
        ("mcp_servers: [{label: a b, url: 'https://a.b'}]", ["AR401"]),
        ("mcp_servers: [{label: a, url: 'https://a.b'}, {label: a, url: 'https://a.c'}]", ["AR402"]),
    ],
)
def test_handoffs_and_names(check: Check, text: str, codes: list[str]) -> None:
    assert [f.code for f in check(text, TWO_AGENTS) if f.code != "AR901"] == codes


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (HTTP % "https://a.b" + "    timeout: 4s\n", []),
        (HTTP % "https://a.b" + "    timeout: 5s\n", ["AR414"]),
        (HTTP % "https://a.b" + "    timeout: 5s\n    deliver: silent\n", []),
        (HTTP % "https://a.b" + "    timeout: 5s\n    placeholder: Wait\n", []),
        ("tools: [{builtin: hang_up, timeout: 9s}]", []),
        ("mcp_servers: [{label: a, url: 'https://a.b', placeholder: W, tools: {x: {timeout: 9s}}}]", []),
        ("mcp_servers: [{label: a, url: 'https://a.b', tools: {x: {timeout: 9s}}}]", ["AR414"]),
        ("mcp_servers: [{label: a, url: 'https://{{today}}.b'}]", ["AR407"]),
        (
            HTTP % "https://a.b" + "    idempotency: key\n    key: [a]\n    parameters: {type: object}\n",
            ["AR415"],
        ),
        ("overrides: {modalities: [text], audio: {}}", ["AR202"]),
        ("turn_detection: {type: server_vad, idle_timeout_ms: 6000}", []),
        ("model: {name: x, provider: azure, base_url: 'http://a'}\nturn_detection: " + VAD, []),
        ("transcript: {redact: [phone, {regex: '(a+)+b'}]}", ["AR505"]),
        ("guardrails: [{match: {regex: '*'}}]", ["AR504"]),
    ],
)
def test_more_findings(check: Check, text: str, codes: list[str]) -> None:
    assert [f.code for f in check(text) if f.code != "AR901"] == codes


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ("{type: string, enum: [no, off]}", None),
        ("{type: integer, enum: [true]}", "AR412"),
        ("{type: boolean, enum: [true]}", None),
        ("{type: number, enum: [1, 2.5]}", None),
        ("{enum: []}", "AR412"),
        ("{minimum: 3, maximum: 2, description: d}", "AR412"),
        ("{type: array, description: d, items: {minLength: 3, maxLength: 2}}", "AR412"),
        ("{pattern: '(', description: d}", "AR403"),
        ("{type: object, description: d, properties: {b: {type: string}}}", "AR413"),
        ("{type: array}", "AR413"),
    ],
)
def test_parameters_that_are_of_no_use(check: Check, schema: str, code: str | None) -> None:
    findings = check(
        HTTP % "https://a.b" + f"    parameters: {{type: object, properties: {{a: {schema}}}}}\n"
    )
    assert [finding.code for finding in findings] == ([code] if code else [])


def test_annotations_contradict_declared_types(check: Check) -> None:
    files = {"t.py": "def f(n: int, s: str, x: 'Any', *, b: bool = False): ...\n"}
    good = "{n: {type: integer}, s: {type: string}, x: {type: array}, b: {type: boolean}}"
    tool = "tools: [{python: 't:f', parameters: {type: object, required: [n, s, x], properties: %s}}]"
    assert [f.code for f in check(tool % good, files) if f.code != "AR413"] == []
    bad = good.replace("integer", "string").replace("boolean", "string")
    findings = [f for f in check(tool % bad, files) if f.code != "AR413"]
    assert [(f.code, f.hint.split(",")[0]) for f in findings] == [
        ("AR406", "write `type: integer`"),
        ("AR406", "write `type: boolean`"),
    ]


def test_the_day_decides_about_stored_prompts(check: Check) -> None:
    before, after = date(2026, 11, 29), date(2026, 11, 30)
    assert [f.severity for f in check("prompt: {id: p}", today=before)] == ["warning"]
    assert [f.severity for f in check("prompt: {id: p}", today=after)] == ["error"]
