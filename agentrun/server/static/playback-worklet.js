// Runs on the audio thread: plays PCM16, 24 kHz, mono as it arrives, and says how much of each item was played.
//
// Audio comes in pieces that are late by different amounts, so playing starts only when a little is in hand (or
// nothing more came for a while), and again after it ran dry. What was played is counted in samples as they came
// in, not as they go out, so that the last report of an item is exactly its length.

import { Resampler } from "./resampler.js";

const WIRE_HZ = 24000;
const IN_HAND_S = 0.08;
const PATIENCE_S = 0.16;
const REPORT_S = 0.2;
const FADE_SAMPLES = 128; // a cut in mid-wave would click

class PlaybackProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(WIRE_HZ, sampleRate);
    this.pieces = []; // {item, samples, wire}: `wire` samples came in and became `samples`
    this.position = 0; // in the first piece
    this.inHand = 0;
    this.waited = 0;
    this.playing = false;
    this.item = null;
    this.played = 0; // wire samples of `item` before the first piece
    this.sinceReport = 0;
    this.flushed = false; // the resampler's tail was taken out since the last piece came in
    this.fade = null;
    this.port.onmessage = ({ data }) => (data.type === "clear" ? this.clear() : this.add(data));
  }

  add({ item, pcm }) {
    const wire = new Int16Array(pcm, 0, pcm.byteLength >> 1);
    const samples = this.resampler.process(Float32Array.from(wire, (value) => value / 32768));
    if (this.pieces.length === 0) this.waited = 0;
    this.pieces.push({ item, samples, wire: wire.length });
    this.inHand += samples.length;
  }

  clear() {
    this.fade = this.playing ? this.takeFade() : null;
    if (this.item !== null && this.playing) this.report(false);
    if (this.playing) this.port.postMessage({ type: "silent" });
    this.flushed = false;
    this.pieces = [];
    this.position = 0;
    this.inHand = 0;
    this.playing = false;
    this.item = null;
    this.resampler.reset();
  }

  takeFade() {
    const next = this.pieces[0]?.samples.subarray(this.position, this.position + FADE_SAMPLES);
    return next?.map((sample, i) => sample * (1 - i / FADE_SAMPLES));
  }

  process(_inputs, [[left, ...others]]) {
    left.fill(0);
    if (this.fade) {
      left.set(this.fade.subarray(0, left.length));
      this.fade = null;
    } else if (this.isReady(left.length)) {
      this.fill(left);
    }
    for (const channel of others) channel.set(left);
    return true;
  }

  isReady(frames) {
    if (this.playing || this.pieces.length === 0) return this.playing;
    this.waited += frames;
    this.playing = this.inHand >= IN_HAND_S * sampleRate || this.waited >= PATIENCE_S * sampleRate;
    if (this.playing) this.port.postMessage({ type: "speaking" });
    return this.playing;
  }

  fill(output) {
    let written = 0;
    while (written < output.length) {
      const piece = this.pieces[0] ?? this.takeTail();
      if (!piece) {
        this.stop();
        break;
      }
      if (piece.item !== this.item) this.begin(piece.item);
      const part = piece.samples.subarray(this.position, this.position + output.length - written);
      output.set(part, written);
      written += part.length;
      this.position += part.length;
      this.inHand -= part.length;
      if (this.position >= piece.samples.length) this.next(piece);
    }
    this.sinceReport += written;
    if (this.playing && this.sinceReport >= REPORT_S * sampleRate) this.report(false);
  }

  takeTail() {
    const samples = this.resampler.flush();
    if (samples.length === 0 || this.item === null || this.flushed) return null;
    this.flushed = true;
    this.pieces.push({ item: this.item, samples, wire: 0 });
    this.inHand += samples.length;
    return this.pieces[0];
  }

  begin(item) {
    if (this.item !== null) this.report(true);
    this.item = item;
    this.played = 0;
  }

  next(piece) {
    this.played += piece.wire;
    this.pieces.shift();
    this.position = 0;
    if (piece.wire > 0) this.flushed = false;
  }

  stop() {
    this.playing = false;
    this.waited = 0;
    this.report(true);
    this.port.postMessage({ type: "silent" });
  }

  report(done) {
    const piece = this.pieces[0]?.item === this.item ? this.pieces[0] : null;
    const part = piece && piece.samples.length ? (this.position / piece.samples.length) * piece.wire : 0;
    const ms = Math.floor(((this.played + part) * 1000) / WIRE_HZ);
    this.port.postMessage({ type: "played", item: this.item, ms, done });
    this.sinceReport = 0;
  }
}

registerProcessor("playback", PlaybackProcessor);
