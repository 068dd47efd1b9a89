// Runs on the audio thread: the microphone at the device's rate becomes frames of PCM16, 24 kHz, mono.

import { Resampler } from "./resampler.js";

const WIRE_HZ = 24000;
const FRAME_SAMPLES = 480; // 20 ms

class MicrophoneProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, WIRE_HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.energy = 0;
    this.open = true;
    this.port.onmessage = () => (this.open = false);
  }

  process([channels]) {
    if (channels.length > 0) {
      for (const sample of this.resampler.process(mixDown(channels))) this.push(sample);
    }
    return this.open;
  }

  push(sample) {
    const clipped = Math.max(-1, Math.min(1, sample));
    this.frame[this.filled++] = Math.round(clipped * 32767);
    this.energy += clipped * clipped;
    if (this.filled < FRAME_SAMPLES) return;
    const level = Math.sqrt(this.energy / FRAME_SAMPLES);
    this.port.postMessage({ pcm: this.frame.buffer, level }, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
    this.energy = 0;
  }
}

function mixDown(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, one) => sum + one[i], 0) / channels.length);
}

registerProcessor("microphone", MicrophoneProcessor);
