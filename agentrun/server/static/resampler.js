// Changes the sample rate of a stream: an exact polyphase filter with a Kaiser-windowed sinc.
//
// With L / M the ratio of the rates in lowest terms, output sample n lies at n * M / L input samples, so only
// L different phases of the filter exist and all are computed once. The stop band begins at the lower of the
// two Nyquist frequencies (about 90 dB down), so nothing folds back into speech.

const BETA = 9;
const STOP_BAND_DB = 90;

export class Resampler {
  /**
   * @param {number} fromHz rate of what comes in
   * @param {number} toHz rate of what goes out
   * @param {number} crossings half the filter's length, in samples of the lower rate
   */
  constructor(fromHz, toHz, crossings = 32) {
    const divisor = greatestCommonDivisor(Math.round(fromHz), Math.round(toHz));
    this.up = Math.round(toHz) / divisor;
    this.down = Math.round(fromHz) / divisor;
    this.half = Math.ceil(crossings * Math.max(1, this.down / this.up));
    this.phases = this.up === this.down ? null : makePhases(this.up, this.down, this.half);
    this.reset();
  }

  /** Forget the past, as if nothing had come in yet. */
  reset() {
    this.history = new Float32Array(this.half - 1);
    this.phase = 0;
  }

  /** Take samples in, return those that can be computed now; the rest follows with later input or `flush`. */
  process(input) {
    if (!this.phases) return input.slice();
    const samples = new Float32Array(this.history.length + input.length);
    samples.set(this.history);
    samples.set(input, this.history.length);
    const taps = 2 * this.half;
    const output = new Float32Array(Math.ceil((samples.length * this.up) / this.down) + 1);
    let start = 0;
    let count = 0;
    while (start + taps <= samples.length) {
      const filter = this.phases[this.phase];
      let sum = 0;
      for (let tap = 0; tap < taps; tap++) sum += samples[start + tap] * filter[tap];
      output[count++] = sum;
      this.phase += this.down;
      start += Math.floor(this.phase / this.up);
      this.phase %= this.up;
    }
    // One step is shorter than the filter, so `start` never lies beyond the samples.
    this.history = samples.slice(start);
    return output.subarray(0, count);
  }

  /** Return what is still inside the filter, and forget the past. */
  flush() {
    if (!this.phases) return new Float32Array(0);
    const tail = this.process(new Float32Array(this.half));
    this.reset();
    return tail;
  }
}

function makePhases(up, down, half) {
  const taps = 2 * half;
  const nyquist = 0.5 * Math.min(1, up / down);
  const transition = (STOP_BAND_DB - 8) / (2.285 * 2 * Math.PI * taps);
  const cutoff = nyquist - transition / 2;
  return Array.from({ length: up }, (_, phase) => {
    const filter = new Float32Array(taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const x = tap - (half - 1) - phase / up;
      filter[tap] = sinc(2 * cutoff * x) * kaiser(x / half);
      sum += filter[tap];
    }
    return filter.map((value) => value / sum);
  });
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x) {
  return Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a, b) {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
