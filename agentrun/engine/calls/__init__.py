"""Calls: sessions whose sound goes over a line (WebRTC, or a simulated telephone) and not in events.

`playback` counts what the caller hears; `line` puts it before a session's core; both are pure. `call` runs
one call with all that control it, `registry` knows the calls of an engine, `routes` are the HTTP routes,
`webrtc` and `phone` the two kinds of line.
"""
