// The conversation as it grows: turns of both sides, tool calls, and what was not heard.

const OUTCOMES = {
  ok: "done",
  failed: "failed",
  unknown: "no confirmation",
  cancelled: "cancelled",
  refused: "not started",
};

/** Makes an element: `make("p", {className: "quiet"}, "text", child)`. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export class Transcript {
  /**
   * @param {HTMLElement} list shows everything as it grows
   * @param {HTMLElement} announcer gets finished turns only, for screen readers
   */
  constructor(list, announcer) {
    this.list = list;
    this.announcer = announcer;
    this.following = true; // the reader is at the end and wants to stay there
    this.lastTop = 0;
    list.addEventListener("scroll", () => this.noteScroll());
    new ResizeObserver(() => this.follow()).observe(list);
    this.clear();
  }

  clear() {
    this.following = true;
    this.turns = new Map();
    this.tools = new Map();
    this.list.replaceChildren();
    this.announcer.textContent = "";
  }

  /** Show a `transcript` message. */
  say({ role, item_id: item, text, final, heard }) {
    const turn = this.turn(item, role);
    turn.words.replaceChildren(...splitHeard(text, final ? heard : undefined));
    turn.entry.classList.toggle("growing", !final);
    turn.entry.hidden = final && text === "" && role === "agent";
    if (final && text === "") turn.words.textContent = "(not understood)";
    this.follow();
    if (final && text) this.announcer.textContent = `${role === "agent" ? "Agent" : "You"}: ${text}`;
  }

  /** Show how long the caller waited for the first sound of an item. */
  time({ item_id: item, first_sound_ms: ms }) {
    this.turn(item, "agent").note.textContent = `first sound after ${(ms / 1000).toFixed(2)} s`;
  }

  /** Show a `tool` message; all messages of one call share one entry. */
  tool(message) {
    const tool = this.tools.get(message.call_id) ?? this.addTool(message);
    if (message.state === "called") showArguments(tool, message.arguments);
    if (message.state === "placeholder") showPlaceholder(tool, message.text);
    if (message.state === "returned") showResult(tool, message);
    this.follow();
    const state = message.state === "returned" ? tool.state.textContent : message.state;
    this.announcer.textContent = `Tool ${message.tool}: ${state}`;
  }

  turn(item, role) {
    if (this.turns.has(item)) return this.turns.get(item);
    const words = make("p", { className: "words" });
    const note = make("p", { className: "note quiet" });
    const who = make("p", { className: "who quiet" }, role === "agent" ? "Agent" : "You");
    const entry = make("li", { className: `turn ${role} growing` }, who, words, note);
    entry.dataset.item = item;
    this.turns.set(item, { entry, words, note });
    this.list.append(entry);
    this.follow();
    return this.turns.get(item);
  }

  addTool(message) {
    const state = make("span", { className: "chip" }, "running");
    const args = make("dl", { className: "arguments" });
    const detail = make("div", { className: "detail" });
    const name = make("code", {}, message.tool);
    const head = make("p", { className: "tool-head" }, name, state);
    const entry = make("li", { className: "tool running" }, head, args, detail);
    entry.dataset.call = message.call_id;
    const tool = { entry, state, args, detail };
    this.tools.set(message.call_id, tool);
    this.list.append(entry);
    return tool;
  }

  /** Only scrolling up is a wish to stay; a list that became smaller is none. */
  noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    if (scrollHeight - scrollTop - clientHeight < 48) this.following = true;
    else if (scrollTop < this.lastTop) this.following = false;
    this.lastTop = scrollTop;
  }

  follow() {
    if (this.following) this.list.scrollTop = this.list.scrollHeight;
  }
}

function splitHeard(text, heard) {
  if (heard === undefined || heard === text) return [text];
  const kept = text.startsWith(heard) ? heard : "";
  const label = make("span", { className: "unseen" }, " (not heard:) ");
  return [kept, label, make("s", { className: "unheard", title: "not heard" }, text.slice(kept.length))];
}

function showArguments(tool, values) {
  const named = values && typeof values === "object" ? values : { arguments: values };
  const rows = Object.entries(named).flatMap(([name, value]) => [
    make("dt", {}, name),
    make("dd", {}, typeof value === "string" ? value : JSON.stringify(value)),
  ]);
  tool.args.replaceChildren(...rows);
}

function showPlaceholder(tool, text) {
  tool.state.textContent = "still running";
  const words = text ? `Meanwhile the agent says: “${text}”` : "Meanwhile the agent says something.";
  tool.detail.append(make("p", { className: "placeholder quiet" }, words));
}

function showResult(tool, { outcome, message, result, duration_ms: ms }) {
  tool.entry.classList.remove("running");
  tool.entry.classList.add(outcome === "ok" ? "ok" : "not-ok");
  tool.state.textContent = OUTCOMES[outcome] ?? outcome;
  if (ms !== undefined) tool.state.textContent += ` in ${(ms / 1000).toFixed(1)} s`;
  if (message) tool.detail.append(make("p", { className: "message" }, message));
  if (result === undefined || result === null) return;
  const text = typeof result === "string" ? result : JSON.stringify(result, null, 2);
  const details = make("details", {}, make("summary", {}, "Result"), make("pre", { tabIndex: 0 }, text));
  details.open = text.length < 400;
  tool.detail.append(details);
}
