"""Minds that do exactly what they were told beforehand: by a program, or by a file.

`listed` takes moves as values; `format` reads a file, `player` does what it says.
"""

from agentrun.engine.responders.script.format import Script, ScriptError, load_script, parse_script
from agentrun.engine.responders.script.listed import ScriptedResponder
from agentrun.engine.responders.script.player import ScriptPlayer

__all__ = ["Script", "ScriptError", "ScriptPlayer", "ScriptedResponder", "load_script", "parse_script"]
