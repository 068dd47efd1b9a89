// The microphone and the loudspeaker of this browser.

/** Plays what the agent says and reports what was heard. */
export class Speaker {
  /**
   * @param {AudioContext} context
   * @param {{played: (item: string, ms: number) => void, speaking: (on: boolean) => void}} listener
   */
  static async open(context, listener) {
    await context.audioWorklet.addModule(new URL("playback-worklet.js", import.meta.url));
    return new Speaker(context, listener);
  }

  constructor(context, listener) {
    this.context = context;
    this.listener = listener;
    this.reported = new Map(); // ms by item: what was heard never becomes less
    this.node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [2] });
    this.node.connect(context.destination);
    this.node.port.onmessage = ({ data }) => this.receive(data);
  }

  play(item, pcm) {
    this.node.port.postMessage({ type: "audio", item, pcm }, [pcm]);
  }

  clear() {
    this.node.port.postMessage({ type: "clear" });
  }

  close() {
    this.node.disconnect();
    this.node.port.onmessage = null;
  }

  receive(data) {
    if (data.type !== "played") {
      this.listener.speaking(data.type === "speaking");
      return;
    }
    // Sound leaves the loudspeaker a little after the worklet has written it.
    const lateMs = Math.round(1000 * (this.context.outputLatency || this.context.baseLatency || 0));
    if (data.done) setTimeout(() => this.report(data.item, data.ms), lateMs);
    else this.report(data.item, data.ms - lateMs);
  }

  report(item, ms) {
    if (ms <= (this.reported.get(item) ?? 0)) return;
    this.reported.set(item, ms);
    this.listener.played(item, ms);
  }
}

/** Hands frames of PCM16, 24 kHz, mono to a listener. */
export class Microphone {
  /**
   * @param {AudioContext} context
   * @param {{headphones: boolean, frame: (pcm: ArrayBuffer, level: number) => void, lost: () => void}} options
   * @throws {MicrophoneError} with words for people
   */
  static async open(context, options) {
    if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneError("InsecureContext");
    const clean = !options.headphones;
    const audio = { channelCount: 1, echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
      await context.audioWorklet.addModule(new URL("microphone-worklet.js", import.meta.url));
      return new Microphone(context, stream, options);
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      throw new MicrophoneError(error.name);
    }
  }

  constructor(context, stream, { frame, lost }) {
    this.stream = stream;
    this.node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 1 });
    this.node.port.onmessage = ({ data }) => frame(data.pcm, data.level);
    this.source = context.createMediaStreamSource(stream);
    // The node is connected on, although it puts out silence: some browsers only run what leads somewhere.
    this.source.connect(this.node).connect(context.destination);
    for (const track of stream.getAudioTracks()) track.addEventListener("ended", lost);
  }

  /** A muted microphone goes on sending silence, so that the agent can hear that a turn is over. */
  set muted(muted) {
    for (const track of this.stream.getAudioTracks()) track.enabled = !muted;
  }

  close() {
    this.node.port.postMessage("stop");
    this.node.port.onmessage = null;
    this.source.disconnect();
    this.node.disconnect();
    for (const track of this.stream.getTracks()) track.stop();
  }
}

const AGAIN = "press “Try the microphone again”";
const REASONS = {
  NotAllowedError:
    "The microphone is blocked for this page. Allow it in the site settings beside the page’s address, " +
    `then ${AGAIN}.`,
  NotFoundError: `No microphone was found. Plug one in, then ${AGAIN}.`,
  NotReadableError:
    "The microphone does not answer; another program may be using it. Close that program, " + `then ${AGAIN}.`,
  InsecureContext:
    "Browsers give the microphone only to pages from this machine or over https. " +
    "Open the page as http://localhost or through https.",
};

export class MicrophoneError extends Error {
  constructor(name) {
    super(`${REASONS[name] ?? `The microphone does not work (${name}).`} You can go on typing meanwhile.`);
    this.name = name;
  }
}
