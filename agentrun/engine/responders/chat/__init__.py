"""A mind behind any OpenAI-compatible chat-completions server: Ollama, llama.cpp, vLLM, a provider's.

`request` says in the server's terms what the conversation is, `sse` and `reading` turn what streams back into
moves; both are pure. `responder` holds the connection.
"""

from agentrun.engine.responders.chat.responder import ChatOptions, ChatResponder

__all__ = ["ChatOptions", "ChatResponder"]
