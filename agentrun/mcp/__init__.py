"""What both sides that speak to MCP servers need: the engine (hosted tools) and the tools of an agent.

Bounds for answers of strangers, words for what they say, and nothing that decides.
"""
