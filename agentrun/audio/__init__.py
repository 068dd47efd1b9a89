"""Audio arithmetic: formats, milliseconds, G.711, WAV and sample rates. Bytes in, bytes out."""

from agentrun.audio.convert import decode_audio, encode_audio
from agentrun.audio.formats import FORMATS, PCM_24K, PCMA, PCMU, AudioFormat, FormatName, parse_format
from agentrun.audio.g711 import decode_g711, encode_g711, transcode_g711
from agentrun.audio.resample import Resampler, has_soxr, open_resampler, resample
from agentrun.audio.wav import Wav, parse_wav, render_wav

__all__ = [
    "FORMATS",
    "PCMA",
    "PCMU",
    "PCM_24K",
    "AudioFormat",
    "FormatName",
    "Resampler",
    "Wav",
    "decode_audio",
    "decode_g711",
    "encode_audio",
    "encode_g711",
    "has_soxr",
    "open_resampler",
    "parse_format",
    "parse_wav",
    "render_wav",
    "resample",
    "transcode_g711",
]
