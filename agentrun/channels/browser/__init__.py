"""The caller in a browser: JSON and PCM16 over one WebSocket.

`messages` says what may come and what goes out, `pace` bounds how much may come, `outbox` holds what is
not yet written, and `channel` joins the three to a socket.
"""

from __future__ import annotations

from agentrun.channels.browser.channel import BrowserChannel, Socket

__all__ = ["BrowserChannel", "Socket"]
