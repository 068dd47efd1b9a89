"""The ASGI application behind `serve`: the page, the caller's sockets, health.

`desk` is what the application asks of the rest of the house, `guard` decides who may come in, `lines` knows
the live calls, `calls` holds one of them, `app` has the routes, and `run` serves them until a signal comes.
"""
