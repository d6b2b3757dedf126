import { randomBytes } from 'node:crypto';
import type { GatewayEvent } from '../src/domain/events/event.js';
import { ApiError, createApi } from './api.js';
import { startEventReceiver } from './event-receiver.js';
import { pairInstance } from './pair-instance.js';
import { createTranscript, lineOf } from './transcript.js';
import { until } from './until.js';

export const INSTANCE = 'demo';
export const PHONE = '15550001111';
export const CONTACT = '15550002222';

export interface DemonstrationOptions {
  gatewayUrl: string;
  apiKey: string;
  /** The simulator's control API. */
  simulatorUrl: string;
  print: (line: string) => void;
  colour: boolean;
  /** Ends it, and the receiver of its events. */
  signal: AbortSignal;
}

/** An event receiver with this path is one of ours, of this run or of one before. */
const RECEIVER_PATH = '/sandbox-demonstration';
const EVENTS = ['message.received', 'message.ack', 'instance.status'];
const QUESTION = 'Hello! Does this message reach you?';
const ANSWER = 'It does, and this answer comes back to you.';
const CONVERSATION_WITHIN_MS = 30_000;

/**
 * A conversation through public interfaces alone: pairs an instance with a simulated phone, sends a text to a contact who
 * answers, and prints what the webhook says about it. Resolves when text and answer have arrived; goes on printing until the
 * signal.
 * @throws SandboxError with a sentence when something does not go as it should
 */
export async function demonstrate({ gatewayUrl, apiKey, simulatorUrl, print, colour, signal }: DemonstrationOptions): Promise<void> {
  const gateway = createApi(gatewayUrl, { 'x-api-key': apiKey }, signal);
  const simulator = createApi(simulatorUrl, {}, signal);
  const transcript = createTranscript(print, colour);
  const events: GatewayEvent[] = [];
  const say = (what: string, from = INSTANCE, to?: string) => transcript.add({ from, what, ...(to !== undefined && { to }) }, new Date());

  await bringIntoBeing();
  await listen();
  await simulator.post('/phones', { number: PHONE, name: 'Demo' });
  await simulator.post(`/contacts/${CONTACT}/auto-reply`, { text: ANSWER });
  await pairInstance({ instanceId: INSTANCE, phone: PHONE, gateway, simulator, signal, onScanned: () => say('scanned the QR code', PHONE, INSTANCE) });
  await talk();

  async function bringIntoBeing(): Promise<void> {
    try {
      await gateway.post('/instances', { instanceId: INSTANCE, name: 'Demonstration' });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'instance_exists') throw error;
      // It may have been deleted since.
      await gateway.post(`/instances/${INSTANCE}/restore`);
    }
  }

  /** Takes the place of an earlier run's receiver, which is gone. */
  async function listen(): Promise<void> {
    const path = `/instances/${INSTANCE}/webhooks`;
    const { webhooks } = await gateway.get<{ webhooks: { id: string; url: string }[] }>(path);
    for (const { id, url } of webhooks) {
      if (new URL(url).pathname === RECEIVER_PATH) await gateway.delete(`${path}/${id}`);
    }
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const url = await startEventReceiver({
      path: RECEIVER_PATH, secret, signal,
      onEvent(event) {
        transcript.add(lineOf(event), new Date(event.timestamp));
        events.push(event);
      },
      onForgery: reason => transcript.add({ from: 'somebody', what: `posted an event that is not signed by the gateway: ${reason}`, tone: 'red' }, new Date()),
    });
    await gateway.post(path, { url, events: EVENTS, secret });
  }

  async function talk(): Promise<void> {
    say(QUESTION, INSTANCE, CONTACT);
    const { messageId } = await gateway.post<{ messageId: string }>(`/instances/${INSTANCE}/messages/text`, { to: CONTACT, text: QUESTION });
    const isRead = () => events.some(({ type, data }) => type === 'message.ack' && data.messageId === messageId && data.status === 'read');
    const isAnswered = () => events.some(({ type, data }) => type === 'message.received' && data.text === ANSWER);
    await until(`${CONTACT} has read the text and its answer has come`, () => isRead() && isAnswered(), { withinMs: CONVERSATION_WITHIN_MS, signal });
  }
}
