"""Calls: sessions whose sound goes over a line (WebRTC, or a simulated telephone) and not in events.

`playback` counts what the caller hears; `line` puts it before a session's core; both are pure. `call` runs
one call with all that control it, `registry` knows the calls of an engine, `routes` are the HTTP routes,
`webrtc` and `handset` the two kinds of line.

Who calls on a simulated telephone: an `order` says what the caller does, `phone` (pure) when it is their
turn, `handset` does it as time passes. `webhook` tells the application, `simulations` knows all of them, and
`simulating` are their HTTP routes.
"""
