// Conversations of the official JavaScript clients with a Realtime server; a program, not a test.
//
//     node conversations.mjs HTTP_PORT TLS_PORT QUESTION.pcm
//
// `@openai/agents-realtime` talks to the first port, `openai` to the second: it insists on TLS, so
// NODE_EXTRA_CA_CERTS must name the certificate. One JSON object is printed for each conversation: what the
// server sent (types in order), what went wrong, what was said. `test_javascript.py` judges them.

import { readFileSync } from 'node:fs';

import { RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { z } from 'zod';

const [plainPort, tlsPort, file] = process.argv.slice(2);
const MODEL = 'gpt-realtime-2.1';
const FRAME_BYTES = 960; // 20 ms of 24 kHz 16-bit mono
const LIMIT_MS = 30_000;
const QUESTION = 'Where is my order A1001?';
const question = readFileSync(file);

const lookupOrder = tool({
  name: 'lookup_order',
  description: 'Look up where an order is.',
  parameters: z.object({ order_id: z.string().describe('number of the order, such as A1001') }),
  execute: async ({ order_id }) => JSON.stringify({ order_id, status: 'on its way' }),
});

// What was seen of one conversation, with a way to wait for more of it.
class Record {
  constructor(name) {
    this.line = { name, events: [], errors: [], told: [], answers: [], truncated: 0, heardBytes: 0, statuses: [] };
    this.waiting = [];
  }

  take(event) {
    const { line } = this;
    line.events.push(event.type);
    if (event.type === 'error') line.errors.push(event.error.code);
    if (event.type === 'conversation.item.truncated') line.truncated += 1;
    if (event.type === 'response.output_audio.delta') line.heardBytes += Buffer.from(event.delta, 'base64').length;
    if (event.type === 'response.done') {
      line.statuses.push(event.response.status_details?.reason ?? event.response.status);
      for (const item of event.response.output)
        if (event.response.status === 'completed' && item.type === 'message')
          line.answers.push(item.content[0].transcript ?? item.content[0].text);
    }
    this.check();
  }

  tell(what) {
    this.line.told.push(what);
    this.check();
  }

  check() {
    this.waiting = this.waiting.filter(({ condition, done }) => !(condition(this.line) && (done(), true)));
  }

  until(condition) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain: ${condition}`)), LIMIT_MS);
      this.waiting.push({ condition, done: () => (clearTimeout(timer), resolve()) });
      this.check();
    });
  }
}

function* frames(pcm) {
  const sound = Buffer.concat([pcm, Buffer.alloc(FRAME_BYTES * 100)]); // the silence ends the turn
  for (let start = 0; start < sound.length; start += FRAME_BYTES) yield sound.subarray(start, start + FRAME_BYTES);
}

async function holdWithAgents(name, run) {
  const record = new Record(`agents ${name}`);
  const agent = new RealtimeAgent({
    name: 'desk',
    instructions: 'You are the order desk of a bookshop. Look orders up before you answer.',
    tools: [lookupOrder],
  });
  const session = new RealtimeSession(agent, { transport: 'websocket', model: MODEL });
  session.transport.on('*', (event) => record.take(event));
  session.on('error', (error) => record.tell(`error: ${error.error?.error?.code ?? error.error}`));
  session.on('audio_interrupted', () => record.tell('audio_interrupted'));
  session.on('agent_tool_start', (_context, _agent, { name }) => record.tell(`tool_start ${name}`));
  session.on('agent_tool_end', (_context, _agent, { name }) => record.tell(`tool_end ${name}`));
  await session.connect({ apiKey: 'any', url: `ws://127.0.0.1:${plainPort}/v1/realtime?model=${MODEL}` });
  const speak = (pcm) => {
    for (const frame of frames(pcm)) session.sendAudio(Uint8Array.from(frame).buffer);
  };
  try {
    await run(session, record, speak);
  } catch (failure) {
    record.tell(`failed: ${failure.message}`);
  }
  session.close();
  console.log(JSON.stringify(record.line));
}

const AGENT_CONVERSATIONS = {
  async text(session, record) {
    session.sendMessage('Hello');
    await record.until(({ answers }) => answers.length === 1);
    session.sendMessage('Thank you');
    await record.until(({ answers }) => answers.length === 2);
  },
  async tool(session, record) {
    session.sendMessage(QUESTION);
    await record.until(({ answers }) => answers.length === 1);
  },
  async audio(session, record, speak) {
    speak(question);
    await record.until(({ answers }) => answers.length === 1);
  },
  async 'barge-in'(session, record, speak) {
    session.sendMessage('Hello');
    await record.until(({ heardBytes }) => heardBytes > 0);
    speak(question);
    await record.until(({ truncated }) => truncated === 1);
    await record.until(({ answers }) => answers.length === 1);
  },
  async error(session, record) {
    session.transport.sendEvent({ type: 'conversation.item.delete', item_id: 'item_of_nobody' });
    await record.until(({ errors }) => errors.length === 1);
    session.sendMessage('Hello');
    await record.until(({ answers }) => answers.length === 1);
  },
};

async function holdWithOpenAI() {
  const record = new Record('openai');
  const client = new OpenAI({ apiKey: 'any', baseURL: `https://127.0.0.1:${tlsPort}/v1` });
  const connection = new OpenAIRealtimeWS({ model: MODEL }, client);
  connection.on('event', (event) => record.take(event));
  connection.on('error', () => {}); // told as an event too
  try {
    await record.until(({ events }) => events.includes('session.created'));
    const say = (text) => {
      const content = [{ type: 'input_text', text }];
      connection.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
      connection.send({ type: 'response.create' });
    };
    say('Hello');
    await record.until(({ answers }) => answers.length === 1);
    connection.send({ type: 'response.cancel' });
    await record.until(({ errors }) => errors.length === 1);
    say('Thank you');
    await record.until(({ answers }) => answers.length === 2);
  } catch (failure) {
    record.tell(`failed: ${failure.message}`);
  }
  connection.close();
  console.log(JSON.stringify(record.line));
}

for (const [name, run] of Object.entries(AGENT_CONVERSATIONS)) await holdWithAgents(name, run);
await holdWithOpenAI();
process.exit(0);
