// The page: choose an agent, hold one call at a time, show what happens.

import { Microphone, Speaker } from "./audio.js";
import { Call } from "./call.js";
import { Transcript, make } from "./transcript.js";

const byId = (id) => document.getElementById(id);
const transcript = new Transcript(byId("transcript"), byId("announcer"));

const ENDINGS = {
  caller_hung_up: "You hung up.",
  caller_vanished: "The server lost sight of this page.",
  agent_hung_up: "The agent hung up.",
  max_duration: "The call reached its longest duration.",
  link_failed: "The model could not be reached.",
  link_lost: "The connection to the model was lost.",
  shutting_down: "The server is shutting down.",
  error: "The call could not go on.",
};

let cards = []; // the agents of this server
let live = null; // the call that is shown: {call, card, variables, context, speaker, microphone, startedAt}

// --- before a call -----------------------------------------------------------------------------------------

async function loadAgents() {
  try {
    const response = await fetch("agents");
    if (!response.ok) throw new Error(`status ${response.status}`);
    const { agents, engine } = await response.json();
    cards = agents;
    byId("engine").textContent = engine;
  } catch (error) {
    tell("agents", `The list of agents could not be loaded (${error.message}).`, "Load again", loadAgents);
    return;
  }
  untell("agents");
  showAgents();
}

function showAgents() {
  const chosen = new FormData(byId("start-form")).get("agent");
  const first = cards.some((card) => card.name === chosen) ? chosen : cards[0]?.name;
  byId("agents").replaceChildren(...cards.map((card) => makeAgent(card, card.name === first)));
  byId("start").disabled = cards.length === 0;
  if (cards.length === 0) {
    const command = make("code", {}, "agentrun serve agents/support.yaml");
    byId("agents").append(make("p", { className: "empty" }, "No agent is served. Start again with a file: ", command));
  }
  showVariables();
}

function makeAgent(card, checked) {
  const radio = make("input", { type: "radio", name: "agent", value: card.name, checked });
  const text = make("span", { className: "card-text" }, make("strong", {}, card.name));
  if (card.language) text.append(make("span", { className: "chip" }, languageName(card.language)));
  const about = card.description || card.greeting;
  if (about) text.append(make("span", { className: "about" }, about));
  if (card.tools.length) {
    text.append(make("span", { className: "about quiet" }, `Tools: ${card.tools.join(", ")}`));
  }
  return make("label", { className: "card" }, radio, text);
}

function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

function chosenCard() {
  const name = new FormData(byId("start-form")).get("agent");
  return cards.find((card) => card.name === name);
}

function showVariables() {
  const wanted = chosenCard()?.variables.filter((variable) => variable.required) ?? [];
  byId("variables").replaceChildren(
    ...wanted.map(({ name, secret }) => {
      const type = secret ? "password" : "text";
      const field = make("input", { name: `variable:${name}`, type, required: true, autocomplete: "off" });
      return make("label", {}, name, field);
    }),
  );
}

function readVariables() {
  const entries = [...new FormData(byId("start-form"))].filter(([name]) => name.startsWith("variable:"));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice("variable:".length), value]));
}

// --- a call ------------------------------------------------------------------------------------------------

function startCall(card, variables) {
  endAudio();
  transcript.clear();
  byId("notices").replaceChildren();
  const call = new Call(card.name, variables);
  const mine = { call, card, variables, context: null, speaker: null, microphone: null, early: [], startedAt: null };
  live = mine;
  call.addEventListener("message", ({ detail }) => live === mine && receive(mine, detail));
  call.addEventListener("audio", ({ detail }) => play(mine, detail));
  call.addEventListener("closed", ({ detail }) => live === mine && finish(mine, detail));
  showCall(card);
  openAudio(mine);
}

/** The greeting often comes before the loudspeaker is open; it waits. */
function play(mine, { item, pcm }) {
  if (mine.speaker) mine.speaker.play(item, pcm);
  else mine.early?.push({ item, pcm });
}

async function openAudio(mine) {
  try {
    mine.context = new AudioContext({ latencyHint: "interactive" });
    const speaker = await Speaker.open(mine.context, {
      played: (item, ms) => mine.call.sendPlayed(item, ms),
      speaking: (on) => live === mine && !mine.over && showState(on ? "speaking" : "listening"),
    });
    if (live !== mine || mine.over) return;
    mine.speaker = speaker;
    for (const { item, pcm } of mine.early) speaker.play(item, pcm);
    await mine.context.resume();
  } catch (error) {
    if (live !== mine || mine.over) return;
    tell("sound", `This browser cannot play sound here (${error.message}). The text of the call is still shown.`);
  }
  mine.early = null;
  if (byId("use-microphone").checked) await openMicrophone(mine);
  else byId("microphone-state").textContent = "Microphone off";
}

async function openMicrophone(mine) {
  byId("microphone-state").textContent = "Waiting for the microphone…";
  try {
    mine.microphone = await Microphone.open(mine.context, {
      headphones: byId("headphones").checked,
      frame: (pcm, level) => {
        if (mine.startedAt) mine.call.sendAudio(pcm);
        showLevel(level);
      },
      lost: () => loseMicrophone(mine, "The microphone was unplugged or taken away. You can go on typing."),
    });
  } catch (error) {
    loseMicrophone(mine, error.message);
    return;
  }
  if (live !== mine || mine.over) {
    mine.microphone.close();
    return;
  }
  untell("microphone");
  byId("microphone-state").textContent = "";
  showMute(false);
}

function loseMicrophone(mine, message) {
  mine.microphone?.close();
  mine.microphone = null;
  if (live !== mine || mine.over) return;
  byId("microphone").hidden = byId("meter").hidden = true;
  byId("microphone-state").textContent = "Microphone off";
  tell("microphone", message, "Try the microphone again", () => openMicrophone(mine));
}

function receive(mine, message) {
  switch (message.type) {
    case "started":
      mine.startedAt = Date.now();
      showState("listening");
      break;
    case "transcript":
      transcript.say(message);
      break;
    case "timing":
      transcript.time(message);
      break;
    case "tool":
      transcript.tool(message);
      break;
    case "clear":
      mine.speaker?.clear();
      if (mine.early) mine.early = [];
      break;
    case "error":
      tell(message.code, [message.message, message.hint].filter(Boolean).map(sentence).join(" "));
      break;
    case "ended":
      finish(mine, { ended: true, reason: message.reason });
      break;
    // Whatever else comes was added later and is not for this page.
  }
}

async function finish(mine, { ended, opened, code, reason }) {
  if (mine.over) return;
  mine.over = true;
  const lasted = mine.startedAt ? ` The call lasted ${duration(Date.now() - mine.startedAt)}.` : "";
  endAudio();
  showState("over");
  let text = ENDINGS[reason] ?? `The call has ended (${reason}).`;
  if (!ended && opened) text = `The connection to the server was lost (code ${code}), so the call has ended.`;
  if (!ended && !opened) text = await explainRefusal(mine.card);
  if (live !== mine) return;
  byId("after-text").textContent = text + lasted;
  byId("composer").hidden = true;
  byId("after").hidden = false;
  byId("again").focus();
}

/** A browser does not show why a WebSocket was refused, so ask in another way. */
async function explainRefusal(card) {
  try {
    const ready = await (await fetch("readyz")).json();
    if (!ready.ready) return `The server takes no call now: ${ready.message}.`;
    const busy = ready.max_calls !== null && ready.calls >= ready.max_calls;
    if (busy) return "All lines are busy. Try again in a moment.";
    const { agents } = await (await fetch("agents")).json();
    if (!agents.some(({ name }) => name === card.name)) return `The agent “${card.name}” is no longer served.`;
    return "The server refused the call. Load the page again.";
  } catch {
    return "The server does not answer. Check that it still runs, then start again.";
  }
}

function endAudio() {
  if (!live) return;
  live.microphone?.close();
  live.speaker?.close();
  live.context?.close().catch(() => {});
  live.microphone = live.speaker = live.context = null;
}

// --- what is shown -----------------------------------------------------------------------------------------

const STATES = { calling: "Connecting…", listening: "Listening", speaking: "Speaking", over: "Ended" };

function showCall(card) {
  byId("lobby").hidden = true;
  byId("call").hidden = byId("composer").hidden = false;
  byId("after").hidden = byId("microphone").hidden = byId("meter").hidden = true;
  byId("microphone-state").textContent = byId("clock").textContent = "";
  byId("call-title").textContent = card.name;
  byId("transcript").lang = card.language ?? "";
  byId("words").value = "";
  byId("words").focus();
  showState("calling");
}

function showState(state) {
  byId("state").textContent = STATES[state];
  byId("pulse").className = `pulse ${state}`;
}

function showMute(muted) {
  byId("microphone").hidden = byId("meter").hidden = false;
  byId("microphone").textContent = muted ? "Unmute" : "Mute";
  byId("microphone").setAttribute("aria-pressed", String(muted));
}

/** Show loudness from -60 dB (empty) to 0 dB (full). */
function showLevel(level) {
  const part = Math.max(0, Math.min(1, 1 + (20 * Math.log10(level + 1e-6)) / 60));
  byId("meter").firstElementChild.style.transform = `scaleX(${part.toFixed(3)})`;
}

function tell(key, text, action, act) {
  untell(key);
  const words = make("div", { className: "notice-text" }, make("p", {}, text));
  if (action) words.append(make("button", { type: "button", onclick: () => act() }, action));
  const notice = make("div", { className: "notice" }, words);
  notice.dataset.key = key;
  const close = make("button", { type: "button", className: "close", onclick: () => notice.remove() }, "Close");
  notice.append(close);
  byId("notices").append(notice);
}

function untell(key) {
  for (const notice of [...byId("notices").children]) if (notice.dataset.key === key) notice.remove();
}

function sentence(text) {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?。]$/.test(begun) ? begun : `${begun}.`;
}

function duration(ms) {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// --- what the person does ----------------------------------------------------------------------------------

byId("start-form").addEventListener("change", (event) => event.target.name === "agent" && showVariables());
byId("start-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const card = chosenCard();
  if (card) startCall(card, readVariables());
});
byId("words-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = byId("words").value.trim();
  if (!words || !live?.startedAt) return;
  live.call.sendText(words);
  byId("words").value = "";
});
byId("microphone").addEventListener("click", () => {
  const muted = byId("microphone").getAttribute("aria-pressed") !== "true";
  if (live.microphone) live.microphone.muted = muted;
  showMute(muted);
});
byId("hang-up").addEventListener("click", () => {
  const mine = live;
  mine.call.hangUp();
  // The server answers with `ended`; one that does not answer must not hold the page.
  setTimeout(() => {
    if (!mine.over) finish(mine, { ended: true, reason: "caller_hung_up" });
    mine.call.close();
  }, 3000);
});
byId("again").addEventListener("click", () => startCall(live.card, live.variables));
byId("back").addEventListener("click", () => {
  byId("call").hidden = true;
  byId("lobby").hidden = false;
  byId("notices").replaceChildren();
  loadAgents().then(() => document.querySelector("#agents input:checked")?.focus());
});
window.addEventListener("pagehide", () => live?.call.hangUp());
setInterval(() => {
  if (live?.startedAt && !live.over) byId("clock").textContent = duration(Date.now() - live.startedAt);
}, 500);

loadAgents();
