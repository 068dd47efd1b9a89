"""Servers elsewhere that think, listen or speak for the engine, over the HTTP API that they share."""
