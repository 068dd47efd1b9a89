"""The call as a state machine, without I/O.

`machine.Conversation` takes the inputs of `inputs` (and the server's events) and returns the commands of
`commands`; `reports` is what it tells those who watch.
"""
