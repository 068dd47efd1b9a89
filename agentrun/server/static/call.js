// One call over one WebSocket. Knows the messages and nothing of the page.

const MOST_UNSENT_BYTES = 96000; // two seconds of audio

/**
 * Events: `message` (a JSON message in `detail`), `audio` ({item, pcm} in `detail`), and once `closed`
 * ({opened, ended, code} in `detail`): `opened` if the socket ever was, `ended` if the server said why.
 */
export class Call extends EventTarget {
  constructor(agent, variables) {
    super();
    this.opened = false;
    this.ended = false;
    this.item = "";
    const url = new URL(`agents/${encodeURIComponent(agent)}/ws`, document.baseURI);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.opened = true;
      this.send({ type: "start", variables });
    };
    this.socket.onmessage = ({ data }) => this.receive(data);
    this.socket.onclose = ({ code }) => this.tell("closed", { opened: this.opened, ended: this.ended, code });
  }

  sendText(text) {
    this.send({ type: "text", text });
  }

  /** Audio that cannot leave is dropped after two seconds: late speech confuses more than a gap. */
  sendAudio(pcm) {
    const open = this.socket.readyState === WebSocket.OPEN;
    if (open && this.socket.bufferedAmount < MOST_UNSENT_BYTES) this.socket.send(pcm);
  }

  sendPlayed(item, ms) {
    this.send({ type: "played", item_id: item, ms });
  }

  hangUp() {
    this.send({ type: "hang_up" });
    if (this.socket.readyState === WebSocket.CONNECTING) this.socket.close();
  }

  close() {
    this.socket.close(1000);
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  receive(data) {
    if (data instanceof ArrayBuffer) {
      this.tell("audio", { item: this.item, pcm: data });
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "audio") this.item = message.item_id;
    if (message.type === "ended") this.ended = true;
    this.tell("message", message);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
