"""The embedded Realtime server: a pure core, minds, speech parts and a socket shell."""
