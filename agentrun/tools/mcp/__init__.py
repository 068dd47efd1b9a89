"""Tools of MCP servers that agentrun calls itself.

`pool` holds one long-lived `link` for each server of the process; all calls share it. `offers` makes tools of
what a server lists, `runner` runs them. Over standard streams a server is a `program` of ours; over HTTP it
is `remote`.
"""
