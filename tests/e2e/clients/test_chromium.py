"""A browser calls `agentrun engine` over WebRTC: its own SDP, its own Opus, its own data channel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Browser
from tests.e2e.speaking import ESPEAK, speak

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.speech]

CALL = """
const transcription = {model: 'gpt-realtime-whisper', language: 'en'};
const tool = {type: 'function', name: 'lookup_order', description: 'Look up where an order is.',
  parameters: {type: 'object', properties: {order_id: {type: 'string', pattern: '^A[0-9]{4}$'}},
               required: ['order_id']}};
const seen = [], told = {};
const peer = new RTCPeerConnection();
const channel = peer.createDataChannel('oai-events');
const raw = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
const stream = await navigator.mediaDevices.getUserMedia({audio: raw});
for (const track of stream.getTracks()) peer.addTrack(track, stream);
const loudspeaker = new Audio();
peer.ontrack = ({streams}) => { loudspeaker.srcObject = streams[0]; loudspeaker.play(); };
const send = (event) => channel.send(JSON.stringify(event));
const over = new Promise((resolve) => {
  channel.onmessage = ({data}) => {
    const event = JSON.parse(data);
    seen.push(event.type);
    if (event.type === 'session.created')
      send({type: 'session.update',
        session: {type: 'realtime', tools: [tool], audio: {input: {transcription}}}});
    if (event.type.endsWith('input_audio_transcription.completed')) told.heard = event.transcript;
    if (event.type === 'response.function_call_arguments.done') {
      told.called = event.arguments;
      const output = JSON.stringify({status: 'on its way'});
      const item = {type: 'function_call_output', call_id: event.call_id, output};
      send({type: 'conversation.item.create', item});
    }
    if (event.type === 'response.done' && event.response.output[0]?.type === 'function_call')
      send({type: 'response.create'});
    if (event.type === 'response.output_audio_transcript.done') told.said = event.transcript;
    if (event.type === 'output_audio_buffer.stopped') resolve();
  };
  setTimeout(resolve, 20_000);
});
await peer.setLocalDescription(await peer.createOffer());
const reply = await fetch('/v1/realtime/calls?model=gpt-realtime-2.1',
  {method: 'POST', headers: {'Content-Type': 'application/sdp'}, body: peer.localDescription.sdp});
told.status = reply.status;
told.location = reply.headers.get('location');
await peer.setRemoteDescription({type: 'answer', sdp: await reply.text()});
await over;
for (const row of (await peer.getStats()).values())
  if (row.type === 'inbound-rtp') told.energy = row.totalAudioEnergy;
for (const track of stream.getTracks()) track.stop();
peer.close();
return {seen, ...told};
"""


@pytest.mark.skipif(ESPEAK is None, reason="espeak-ng is not installed")
@pytest.mark.timeout(120)
def test_a_spoken_question_is_answered_aloud(chromium: Browser, engine: int) -> None:
    speak("Where is my order A 1 0 0 1?", chromium.microphone, after_s=2.5)
    chromium.port = engine
    chromium.open("healthz")
    chromium.set_microphone("granted")
    chromium.driver.set_script_timeout(40)
    told: dict[str, Any] = chromium.run(CALL)
    chromium.driver.get("about:blank")
    assert isinstance(told, dict), told
    assert told["status"] == 201
    assert told["location"].startswith("/v1/realtime/calls/rtc_u0_")
    assert told["seen"][:2] == ["session.created", "session.updated"]
    assert told["heard"] == "Where is my order A1001?"
    assert told["called"] == '{"order_id": "A1001"}'
    assert "on its way" in told["said"]
    assert "response.output_audio.delta" not in told["seen"]
    assert told["energy"] > 0.001, "the answer is audible"
