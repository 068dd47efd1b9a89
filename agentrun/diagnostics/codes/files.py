"""AR0xx: the file itself and its YAML."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

FILE_CODES = (
    Code(
        "AR001",
        "file cannot be read",
        "error",
        "The path does not exist, is a folder where a file is needed, or may not be read. Paths inside a "
        "file are relative to the file that names them.",
        bad="instructions: {file: prompts/missing.md}",
        good="instructions: {file: prompts/desk.md}",
    ),
    Code(
        "AR002",
        "file is not UTF-8",
        "error",
        "YAML files are UTF-8 text. Save the file as UTF-8 in your editor, or convert it: iconv -f EUC-KR "
        "-t UTF-8 old.yaml > new.yaml",
    ),
    Code(
        "AR003",
        "YAML parser is missing",
        "error",
        "agentrun reads YAML with libyaml, the parser that PyYAML's wheels contain. The parser in pure "
        "Python differs: it refuses `[Are you still there?]`. This installation of PyYAML was built "
        "without libyaml. Install a wheel: pip install --force-reinstall --only-binary pyyaml pyyaml",
    ),
    Code(
        "AR004",
        "file or agent is too large",
        "error",
        "A file may have 1 MiB, and an agent may consist of 64 files. Long reference texts belong behind "
        "a tool that looks things up, because everything in the instructions is paid for with each turn.",
    ),
    Code(
        "AR005",
        "not valid YAML",
        "error",
        "The text breaks the rules of YAML. Frequent causes: a text with a colon and a space that needs "
        "quotes, a bracket or quote that is never closed, and lines that do not line up.",
        bad="greeting: Hello: how can I help?",
        good='greeting: "Hello: how can I help?"',
    ),
    Code(
        "AR006",
        "tab in the indentation",
        "error",
        "YAML allows only spaces before the first word of a line. Set your editor to insert spaces.",
        bad="turn_detection:\n\ttype: semantic_vad",
        good="turn_detection:\n  type: semantic_vad",
    ),
    Code(
        "AR007",
        "key given twice",
        "error",
        "Most YAML readers silently keep the last of two equal keys, and the first setting is lost. Keep "
        "one.",
        bad="voice: marin\nvoice: cedar",
        good="voice: marin",
    ),
    Code(
        "AR008",
        "several documents in one file",
        "error",
        "One file is one agent. `---` begins another document; put it into a file of its own.",
        bad="voice: marin\n---\nvoice: cedar",
        good="voice: marin",
    ),
    Code(
        "AR009",
        "tag is not supported",
        "error",
        "Tags such as `!include` or `!!python/name` are not part of agent files; only the tags of the "
        "YAML core schema are. Use `extends`, `use` and `instructions.file` to include other files, and "
        "quotes to force a text.",
        bad="greeting: !include hello.txt",
        good="greeting: Hello, how can I help?",
    ),
    Code(
        "AR010",
        "key is not plain text",
        "error",
        "A key must be one word of text. The usual cause is `{{name}}` at the start of a value without "
        "quotes: YAML reads the braces as mappings.",
        bad="variables: {shop: Harbour}\ngreeting: {{shop}}",
        good='variables: {shop: Harbour}\ngreeting: "{{shop}}"',
    ),
    Code(
        "AR011",
        "too deep or too many values",
        "error",
        "Collections may be nested 60 deep, a mapping may have 500 keys and a list 1000 items, and a file "
        "may expand to 10 000 values, aliases counted at each use.",
        bad="x-deep: " + "[" * 61 + "]" * 61,
        good="x-deep: [[1]]",
    ),
    Code(
        "AR012",
        "merge key cannot be applied",
        "error",
        "`<<` takes one mapping or a list of mappings. Where two of them disagree about a key, nobody can "
        "tell which one is meant: give the key beside `<<`, which always wins, or take it out of one of "
        "them.",
        bad="x-a: &a {timeout: 5s}\nx-b: &b {timeout: 9s}\nx-c: {<<: [*a, *b]}",
        good="x-a: &a {timeout: 5s}\nx-b: &b {timeout: 9s}\nx-c: {<<: [*a, *b], timeout: 5s}",
    ),
    Code(
        "AR013",
        "file has the wrong outline",
        "error",
        "An agent file is a mapping with `version: 1` and `instructions`; a file named by `use` is a list "
        "of tools. This file is empty or something else.",
        bad="tools:\n  - use: toolsets/not-a-list.yaml",
        good="tools:\n  - use: toolsets/orders.yaml",
    ),
    Code(
        "AR014",
        "digits that lose something as a number",
        "warning",
        "`0123` is read as the number 123 and `+4912345` as 4912345. Phone numbers, postcodes and codes "
        "need quotes.",
        bad="x-hotline: +4912345678",
        good='x-hotline: "+4912345678"',
    ),
    Code(
        "AR015",
        "control character",
        "error",
        "YAML does not allow control characters in the text. In double quotes they can be written as "
        "escapes, `\\x07`.",
        bad="x-bell: \x07",
        good='x-bell: "\\x07"',
    ),
)
