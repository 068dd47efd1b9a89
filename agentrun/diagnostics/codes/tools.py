"""AR4xx: tools."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

_TICKET = "tools:\n  - name: ticket\n    description: Open a ticket\n    http: {method: POST, url: 'https://t.example.com/"

TOOL_CODES = (
    Code(
        "AR401",
        "name that a tool cannot have",
        "error",
        "The model calls tools by a name of 1 to 64 letters, digits, `_` and `-`, all of them ASCII.",
        bad="tools: [{builtin: hang_up, name: hang up}]",
        good="tools: [{builtin: hang_up, name: hang_up}]",
    ),
    Code(
        "AR402",
        "two tools of one name",
        "error",
        "The model could not tell them apart. Tools, MCP servers (by `label`) and handoffs (`handoff_to_…`) "
        "share one space of names. Give one of them another.",
        bad="tools: [{builtin: hang_up}, {builtin: hang_up}]",
        good="tools: [{builtin: hang_up}]",
    ),
    Code(
        "AR403",
        "parameters are not a JSON Schema",
        "error",
        "`parameters` is the JSON Schema of an object: `type: object`, `properties` with one schema for "
        "each argument, `required` with the names of those that must be given.",
        bad=_TICKET + "'}\n    parameters: {type: object, properties: {subject: {type: text}}}",
        good=_TICKET + "'}\n    parameters: {type: object, properties: {subject: {type: string}}}",
    ),
    Code(
        "AR404",
        "module of a Python tool is missing",
        "error",
        "`python: package.module:function` names a file under the project root: `tools.orders` is "
        "`tools/orders.py`. agentrun looks for the file and does not import it.",
        bad="tools: [{python: 'tools.oders:lookup_order'}]",
        good="tools: [{python: 'tools.orders:lookup_order'}]",
    ),
    Code(
        "AR405",
        "function of a Python tool is missing",
        "error",
        "The module exists but defines no function of this name at its top level.",
        bad="tools: [{python: 'tools.orders:lookup_oder'}]",
        good="tools: [{python: 'tools.orders:lookup_order'}]",
    ),
    Code(
        "AR406",
        "parameters and signature disagree",
        "error",
        "The file declares `parameters` for a Python tool, and the function takes other ones. Leave "
        "`parameters` out to have them made from the signature.",
        bad="tools:\n  - python: tools.orders:lookup_order\n"
        "    parameters: {type: object, properties: {number: {description: Its number}}}",
        good="tools:\n  - python: tools.orders:lookup_order\n"
        "    parameters: {type: object, properties: {order_id: {description: Its number}}}",
    ),
    Code(
        "AR407",
        "address that cannot be used",
        "error",
        "The address of an `http` tool starts with `http://` or `https://`, and its host stands in the "
        "file: nothing a caller says may decide which server receives the request. Templates belong into "
        "the path and the query.",
        bad="tools:\n  - name: ticket\n    description: Open a ticket\n    http: {url: 'https://{{call.from}}/t'}",
        good=_TICKET + "{{call.from}}'}",
    ),
    Code(
        "AR408",
        "placeholder that is never heard",
        "warning",
        "The placeholder comes after a time at which the tool has already been given up.",
        bad="tools: [{builtin: hang_up, timeout: 2s, placeholder: {say: One moment, after: 3s}}]",
        good="tools: [{builtin: hang_up, timeout: 5s, placeholder: {say: One moment, after: 1s}}]",
    ),
    Code(
        "AR409",
        "retry of a write",
        "error",
        "Repeating a write may do its work twice. Say why it is safe (`idempotency: natural` or `key`), "
        "declare `effect: read`, or remove `retry`.",
        bad=_TICKET + "'}\n    retry: {attempts: 3}",
        good=_TICKET + "'}\n    idempotency: natural\n    retry: {attempts: 3}",
        arguable=True,
    ),
    Code(
        "AR410",
        "Python tool does not import",
        "error",
        "`agentrun validate --import` imports the modules of Python tools as a call would, and this one "
        "failed.",
    ),
    Code(
        "AR411",
        "tool without a description",
        "warning",
        "The model chooses tools by their description. Say in one sentence when to use the tool and what "
        "comes back.",
        bad="tools: [{name: ticket, http: {url: 'https://t.example.com/'}}]",
        good="tools: [{name: ticket, description: Read my ticket, http: {url: 'https://t.example.com/'}}]",
    ),
    Code(
        "AR412",
        "parameters that no value satisfies",
        "error",
        "The schema is valid and contradicts itself: a bound above its counterpart, an empty `enum`, or "
        "a choice that is not of the type. The model could not call the tool.",
        bad=_TICKET
        + "'}\n    parameters: {type: object, properties: {size: {type: integer, enum: [small]}}}",
        good=_TICKET
        + "'}\n    parameters: {type: object, properties: {size: {type: string, enum: [small]}}}",
    ),
    Code(
        "AR413",
        "argument without a description",
        "note",
        "The model fills in arguments by their descriptions: what it is, and how it is written.",
        bad=_TICKET + "'}\n    parameters: {type: object, properties: {id: {type: string}}}",
        good=_TICKET + "'}\n    parameters:\n      type: object\n"
        "      properties: {id: {type: string, description: Letter A and four digits}}",
    ),
    Code(
        "AR414",
        "tool that can leave dead air",
        "warning",
        "The tool may run for five seconds or more and has no `placeholder`, so the caller may hear nothing "
        "all that time and ask whether anybody is there. Add a placeholder, or give up earlier.",
        bad=_TICKET + "'}\n    timeout: 20s",
        good=_TICKET + "'}\n    timeout: 20s\n    placeholder: One moment, I am opening a ticket.",
    ),
    Code(
        "AR415",
        "idempotency key that cannot be made",
        "error",
        "`idempotency: key` needs `key`, the list of those arguments that make two calls the same.",
        bad=_TICKET + "'}\n    idempotency: key",
        good=_TICKET + "'}\n    idempotency: key\n    key: [subject]\n    parameters:\n      type: object\n"
        "      properties: {subject: {type: string, description: One line}}",
    ),
    Code(
        "AR416",
        "selection that cannot be read",
        "error",
        "`result.select` picks the part of a result that the model reads, in the language JMESPath: "
        "`orders[0].status`, `items[?open].name`, `{id: id, city: address.city}`.",
        bad=_TICKET + "'}\n    result: {select: 'tickets[0'}",
        good=_TICKET + "'}\n    result: {select: 'tickets[0]'}",
    ),
    Code(
        "AR417",
        "document of OpenAPI that cannot be used",
        "error",
        "`openapi` names a file of the project or an address. The document is OpenAPI 3.0 or 3.1, as JSON or "
        "YAML of at most 1 MiB, with all references inside it, and it says on which server it is served "
        "(else `url` does).",
        bad="tools: [{http: {openapi: toolsets/orders.yaml, operation: getOrder}}]",
        good="tools: [{http: {openapi: apis/orders.yaml, operation: getOrder}}]",
    ),
    Code(
        "AR418",
        "operation that the document does not have",
        "error",
        "`operation` is an `operationId` of the document, or method and path as they stand there: "
        "`GET /orders/{id}`.",
        bad="tools: [{http: {openapi: apis/orders.yaml, operation: getOder}}]",
        good="tools: [{http: {openapi: apis/orders.yaml, operation: 'GET /orders/{id}'}}]",
    ),
)
