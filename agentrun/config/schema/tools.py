"""The schema of tools, MCP servers and handoffs."""

from __future__ import annotations

from agentrun.config.schema.parts import (
    choice,
    duration,
    exclusive,
    flag,
    items,
    mapping,
    one_of_keys,
    refused,
    size,
    text,
    text_or_mapping,
    whole,
    words_or_mapping,
)
from agentrun.wire.json import JsonObject

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_BUILTINS = ("hang_up", "transfer", "send_dtmf", "wait")
_HEADER_VALUE: JsonObject = {
    "type": ["string", "number", "boolean"],
    "description": "Value; templates are filled in",
}

_FAILURE: JsonObject = {
    "type": ["string", "integer"],
    "description": "`connect`: nothing was sent; `timeout`: no answer in its share of the time; "
    "`lost`: the connection broke; or an HTTP status",
    "minimum": 300,
    "maximum": 599,
    "allOf": [
        {
            "if": {"type": "string"},
            "then": {"enum": ["connect", "timeout", "lost"], "description": "Which failure it is"},
        }
    ],
}

AUTH: JsonObject = mapping(
    "How the request proves who it is",
    {
        "bearer": text("Token of the header `Authorization: Bearer …`"),
        "basic": mapping(
            "User and password",
            {"username": text("The user"), "password": text("The password")},
            ["username", "password"],
        ),
        "header": {
            "type": "object",
            "description": "Headers that carry a key: `{X-Api-Key: …}`",
            "additionalProperties": _HEADER_VALUE,
        },
        "query": {
            "type": "object",
            "description": "Query parameters that carry a key: `{key: …}`",
            "additionalProperties": _HEADER_VALUE,
        },
        "oauth2": mapping(
            "A token of OAuth 2.0 by client credentials; it is asked for, kept and renewed for you",
            {
                "token_url": text("Address that gives tokens"),
                "client_id": text("Name of the client"),
                "client_secret": text("Secret of the client; take it from the environment"),
                "scope": text("What the token shall allow: words with spaces between them"),
                "audience": text("Which service the token is for, where the address asks for it"),
                "client_auth": choice(
                    "Where id and secret stand: in the header `Authorization` (the default) or the body",
                    "header",
                    "body",
                ),
            },
            ["token_url", "client_id", "client_secret"],
        ),
    },
    oneOf=one_of_keys("bearer", "basic", "header", "query", "oauth2")[1:],
)

_URL = text("Address; scheme and host are fixed text, templates stand in the path or the query")
_DOCUMENT = text("OpenAPI document that says all the rest: a file of the project, or an address")
_OPERATION = text("Which of its operations: an `operationId`, or method and path")
_HAS_DOCUMENT: JsonObject = {"type": "object", "required": ["openapi"]}

HTTP: JsonObject = mapping(
    "An HTTP request; `{{argument}}`, `{{variables}}` and `{{call.*}}` are filled in",
    {
        "method": choice("The method; the default is GET, or POST where there is a body", *_METHODS),
        "url": _URL,
        "openapi": _DOCUMENT,
        "operation": _OPERATION,
        "query": {"type": "object", "description": "Query parameters, encoded for you"},
        "headers": {"type": "object", "description": "Headers", "additionalProperties": _HEADER_VALUE},
        "json": {"description": "Body sent as JSON; a value that is one template keeps the argument's type"},
        "form": {"type": "object", "description": "Body sent as a form"},
        "body": text("Body sent as text"),
        "auth": AUTH,
        "allow_hosts": items(
            "Hosts that may be reached although their addresses are private or loopback",
            text("Name or address"),
        ),
    },
    allOf=[
        exclusive("json", "form"),
        exclusive("json", "body"),
        exclusive("form", "body"),
        {
            "if": {"type": "object", "not": _HAS_DOCUMENT},
            "then": {
                "required": ["url"],
                "properties": {"url": _URL, "operation": refused("it belongs to `openapi`")},
            },
        },
        {
            "if": _HAS_DOCUMENT,
            "then": {
                "required": ["operation"],
                "properties": {"openapi": _DOCUMENT, "operation": _OPERATION},
            },
        },
    ],
)

PLACEHOLDER: JsonObject = text_or_mapping(
    "What the caller hears while the tool is still running",
    {
        "say": text("The exact words"),
        "instructions": text("How the model shall bridge the wait"),
        "after": duration("Silence before the first one; the default is 800ms"),
        "every": duration("Silence before each further one; the default is 6s"),
        "max": whole("How many are spoken for one call of the tool; the default is 3", 1),
    },
    oneOf=one_of_keys("say", "instructions"),
)

RULES: dict[str, JsonObject] = {
    "placeholder": PLACEHOLDER,
    "timeout": duration("After it the model is told that the outcome is unknown; the default is 10s"),
    "deliver": choice(
        "When the result is told: once the floor is free, at once, with the next turn, or never by itself",
        "when_idle",
        "interrupt",
        "next_turn",
        "silent",
    ),
    "effect": choice(
        "What running it does to the world; the default is write, and read for GET and HEAD. The same write"
        " does not run twice on one call",
        "read",
        "write",
    ),
    "idempotency": choice(
        "Whether repeating it is harmless (natural), and how that is ensured (key)", "none", "natural", "key"
    ),
    "key": items("Arguments that make two calls the same", text("Name of an argument"), minItems=1),
    "key_scope": choice(
        "Among which calls the key is unique; the default is call", "call", "caller", "global"
    ),
    "key_header": text("Header that carries the idempotency key; the default is Idempotency-Key"),
    "retry": mapping(
        "Whether a failed request is repeated, within `timeout`",
        {
            "attempts": whole("How often it is tried in all", 1, 10),
            "on": items(
                "Failures worth a repetition; the default is `connect`, `timeout`, 429, 502, 503, 504",
                _FAILURE,
                minItems=1,
            ),
        },
        ["attempts"],
    ),
    "confirm": choice("Who has to agree before it runs", "none", "caller", "operator"),
    "on_interrupt": choice("What happens to it when the caller interrupts", "continue", "cancel"),
    "on_hangup": choice("What happens to it when the caller hangs up", "finish", "cancel"),
    "max_per_call": whole("How often one call may run it", 1),
    "result": mapping(
        "What of the result the model gets to see",
        {
            "select": text("JMESPath expression that picks a part"),
            "max_bytes": size("Bound on the result's size; the default is 16KiB"),
        },
    ),
}

_SHAPE_OF_HTTP: JsonObject = {
    "if": {
        "type": "object",
        "required": ["http"],
        "not": {
            "anyOf": [
                {"required": ["python"]},
                {"required": ["builtin"]},
                {"properties": {"http": _HAS_DOCUMENT}},
            ]
        },
    },
    "then": {"required": ["name"]},
}

TOOL: JsonObject = mapping(
    "A tool: exactly one of `python`, `http` and `builtin`, or `use` for a file with a list of tools",
    {
        "name": text("Name that the model sees; for `python` the function's name by default"),
        "description": text("When to use it and what comes back; for `python` from the docstring by default"),
        "parameters": {
            "type": "object",
            "description": "JSON Schema of the arguments; for `python` from the type hints by default",
        },
        "python": text(
            "A Python function, `package.module:function`, under the project root",
            pattern=r"^[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*$",
            title="`package.module:function`",
        ),
        "http": HTTP,
        "builtin": words_or_mapping(
            "Something that agentrun itself can do",
            _BUILTINS,
            {
                "name": choice("Which one", *_BUILTINS),
                "to": text("Where a transfer goes, for example tel:+4930123"),
            },
            ["name"],
        ),
        "use": text("Path of a file with a list of tools, relative to this file"),
        **RULES,
    },
    oneOf=one_of_keys("python", "http", "builtin", "use")[1:],
    allOf=[_SHAPE_OF_HTTP],
)

_NAMES = items("Names of tools", text("Name of a tool"))
_TOOL_SET: JsonObject = mapping(
    "A set of tools", {"tool_names": _NAMES, "read_only": flag("Whether only tools that read belong to it")}
)

MCP_SERVER: JsonObject = mapping(
    "An MCP server whose tools the agent may use",
    {
        "label": text("Prefix of its tools"),
        "url": text("Address of a remote server"),
        "command": {
            "type": ["array", "string"],
            "description": "Program that agentrun starts and talks to over its standard streams",
            "items": text("A word of the command line"),
            "minItems": 1,
        },
        "args": items(
            "Arguments of the program", {"type": "string", "description": "A word of the command line"}
        ),
        "env": {"type": "object", "description": "Environment of the program"},
        "cwd": text("Folder in which the program runs"),
        "run": choice(
            "Who calls the server: the provider (`hosted`) or agentrun (`client`)", "hosted", "client"
        ),
        "headers": {"type": "object", "description": "Headers", "additionalProperties": _HEADER_VALUE},
        "authorization": text_or_mapping(
            "OAuth token, or how agentrun gets one itself; take secrets from the environment",
            {
                "client_id": text("Who agentrun is to the authorization server"),
                "client_secret": text("Its secret; take it from the environment"),
                "issuer": text("The authorization server that knows the client"),
            },
            ["client_id", "client_secret"],
        ),
        "allowed_tools": {
            "type": ["array", "object"],
            "description": "Names of the tools that may be used, or `{read_only: true}`",
            "items": text("Name of a tool"),
            "properties": {"read_only": flag("Only tools that read"), "tool_names": _NAMES},
            "additionalProperties": False,
        },
        "require_approval": words_or_mapping(
            "Which calls need approval; the default is always",
            ["always", "never"],
            {"always": _TOOL_SET, "never": _TOOL_SET},
        ),
        "tools": {
            "type": "object",
            "description": "Rules for single tools of the server, by name",
            "additionalProperties": mapping("Rules for one tool", RULES),
        },
        **RULES,
    },
    required=["label"],
    oneOf=one_of_keys("url", "command")[1:],
    allOf=[
        {
            # With both keys, and with none, that is what is wrong.
            "if": {"type": "object", "required": ["url"], "not": {"required": ["command"]}},
            "then": {
                "properties": {key: refused("it belongs to `command`") for key in ("args", "env", "cwd")}
            },
        }
    ],
)

HANDOFF: JsonObject = mapping(
    "Another agent that can take over the call",
    {
        "to": text("Path of the other agent's file, relative to this file"),
        "when": text("When the model shall hand over"),
        "say": text("What the caller hears at that moment"),
    },
    required=["to", "when"],
)
