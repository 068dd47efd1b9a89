"""AR1xx: the environment, `{{names}}` and files that include others."""

from __future__ import annotations

from agentrun.diagnostics.codes.row import Code

NAME_CODES = (
    Code(
        "AR101",
        "environment variable is not set",
        "note",
        "`${NAME}` is taken from the environment, or from the file `.env` in the project root. Checking a "
        "file needs no secrets, so this is a note; it is an error with `--env` and when a call is to be "
        "run. `${NAME:-text}` gives a default, `${NAME:?message}` your own words for this finding.",
        bad='model: {name: gpt-realtime-2.1, api_key: "${AGENTRUN_EXAMPLE_UNSET}"}',
        good='model: {name: gpt-realtime-2.1, api_key: "${AGENTRUN_EXAMPLE_UNSET:-none}"}',
    ),
    Code(
        "AR102",
        "malformed ${…}",
        "error",
        "The forms are `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, where a name has letters, "
        "digits and `_`. Write `$${` where you mean the two characters themselves. Scenarios take "
        "nothing from the environment: there a reference is a warning.",
        bad="greeting: It costs ${5}",
        good="greeting: It costs $${5}",
    ),
    Code(
        "AR103",
        "secret in a public place",
        "error",
        "Values of the environment are secrets unless their names are listed under `public_env`. A secret "
        "may stand in keys, addresses, headers and bodies of requests, but not in what is sent to the "
        "model or logged.",
        bad="greeting: Hello from ${AGENTRUN_EXAMPLE_SET}",
        good="public_env: [AGENTRUN_EXAMPLE_SET]\ngreeting: Hello from ${AGENTRUN_EXAMPLE_SET}",
    ),
    Code(
        "AR104",
        "unknown {{name}}",
        "error",
        "`{{name}}` fills in a variable of the agent, `now`, `today`, or `call.id`, `call.from`, "
        "`call.to` and `call.channel`; in an `http` tool also an argument of that tool. There is nothing "
        "of this name.",
        bad="variables: {shop: Harbour Books}\ngreeting: Welcome to {{shpo}}",
        good="variables: {shop: Harbour Books}\ngreeting: Welcome to {{shop}}",
    ),
    Code(
        "AR105",
        "variable is never used",
        "warning",
        "No text names this variable with `{{…}}`. Python tools can read `call.variables`, so an agent "
        "with Python tools does not get this warning.",
        bad="variables: {shop: Harbour Books}\ngreeting: Hello",
        good="variables: {shop: Harbour Books}\ngreeting: Hello from {{shop}}",
    ),
    Code(
        "AR106",
        "malformed {{…}}",
        "error",
        "Between the braces stands one name, with dots only in `call.…`. There are no filters, loops or "
        "expressions: compute such values in a tool, or pass them as variables.",
        bad="variables: {shop: Harbour Books}\ngreeting: Hello from {{shop | upper}}",
        good="variables: {shop: Harbour Books}\ngreeting: Hello from {{shop}}",
    ),
    Code(
        "AR107",
        "line of .env cannot be read",
        "warning",
        "Each line of `.env` is `NAME=value`, a comment with `#`, or empty. The line is ignored.",
    ),
    Code(
        "AR108",
        "variable's name cannot be used",
        "error",
        "Variables have letters, digits and `_`, and start with a letter or `_`. `call`, `now` and "
        "`today` are taken.",
        bad="variables: {today: Monday}\ngreeting: It is {{today}}",
        good="variables: {weekday: Monday}\ngreeting: It is {{weekday}}",
    ),
    Code(
        "AR109",
        "secret variable in a text for the model",
        "error",
        "A variable with `secret: true` may be used in `http` tools and read by Python tools. In "
        "instructions, greeting and placeholders the model and the caller would learn it.",
        bad="variables: {pin: {secret: true, required: true}}\ngreeting: Your PIN is {{pin}}",
        good="variables: {pin: {secret: false, required: true}}\ngreeting: Your PIN is {{pin}}",
    ),
    Code(
        "AR110",
        "variables of a call do not fit",
        "error",
        "A variable with `required: true` must be given when a call starts, and only variables that the "
        "agent declares can be given: `--var name=value`, or the variables that the page sends.",
    ),
    Code(
        "AR111",
        "secret written into a file",
        "error",
        "The text has the form of a key, a token or a password. Files are copied, committed and shown; write "
        "`${NAME}` instead, and put the value into the environment or into `.env`. A key that has been "
        "committed is known: replace it. Excerpts show stars in its place. A field such as `bearer` or "
        "`password`, which holds nothing but secrets, is a warning with any value that stands in the file.",
        bad="model: {api_key: sk-proj-3vHq8LtWm2ZrYcXa7KfN0pQe}",
        good="model: {api_key: '${AGENTRUN_EXAMPLE_SET}'}",
        arguable=True,
    ),
    Code(
        "AR120",
        "path leaves the project",
        "error",
        "Files that an agent names lie under the project root: the nearest folder upwards with "
        "`pyproject.toml` or `.git`, else the agent's own folder.",
        bad="instructions: {file: ../../../etc/hostname}",
        good="instructions: {file: prompts/desk.md}",
    ),
    Code(
        "AR121",
        "files include each other",
        "error",
        "Following `extends` or `use` leads back to a file that is already being read.",
        bad="tools:\n  - use: toolsets/cycle.yaml",
        good="tools:\n  - use: toolsets/orders.yaml",
    ),
    Code(
        "AR130",
        "comment that allows nothing",
        "warning",
        "`# agentrun: allow CODE reason` at the end of a line keeps the finding with that code on that line "
        "from being reported. The reason is needed. Warnings and notes can be allowed, and a few errors that "
        "depend on what agentrun knows, such as an unknown model; an error that would stop the agent cannot.",
        bad="voice: marin  # agentrun: allow AR303",
        good="language: kr  # agentrun: allow AR307 this desk speaks Kanuri",
    ),
    Code(
        "AR131",
        "unused suppression",
        "warning",
        "The comment allows a finding that is not there (any more). Remove it, so that it does not hide the "
        "next one.",
        bad="voice: marin  # agentrun: allow AR303 a voice of our own",
        good="voice: marin",
    ),
)
