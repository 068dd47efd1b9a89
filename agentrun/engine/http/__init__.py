"""The engine's HTTP shell: who may come in, sessions over WebSocket, client secrets."""
