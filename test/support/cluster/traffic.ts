import { until } from '../until.js';
import { readEvents, type WebhookReceiver } from '../webhook-receiver.js';
import type { Cluster } from './cluster.js';

export interface TrafficOptions {
  /** Instances, and the number of the phone of each. */
  phones: Map<string, string>;
  receiver: WebhookReceiver;
  /** Milliseconds between two messages of each direction. */
  everyMs: number;
}

/** What the traffic came to; a promise that was kept shows as an empty list. */
export interface TrafficResult {
  accepted: number;
  written: number;
  notShown: string[];
  shownTwice: string[];
  inWrongOrder: string[];
  notReportedSent: string[];
  incomingNotReported: string[];
  withTwoEventIds: string[];
  /** Answers that were neither an acceptance nor a 503 that says when to come again. */
  unclear: string[];
}

interface Accepted { messageId: string; instanceId: string; contact: string; text: string }

/** Each instance writes to, and hears from, a contact of its own. */
export const contactOf = (phone: string): string => phone.replace(/^1555/, '1666');

/**
 * Asynchronous sends over whichever node is next, repeated under their keys until accepted, and messages from contacts, at a steady pace
 * until `stop`.
 */
export function startTraffic(cluster: Cluster, { phones, receiver, everyMs }: TrafficOptions) {
  const accepted: Accepted[] = [];
  const written: { messageId: string; instanceId: string }[] = [];
  const unclear: string[] = [];
  const instances = [...phones.keys()];
  /** Sends of one instance go one after the other, so that their order is known. */
  const lines = new Map(instances.map(instanceId => [instanceId, Promise.resolve()]));
  const writing: Promise<unknown>[] = [];
  let count = 0;
  let stopped = false;

  async function send(number: number, instanceId: string): Promise<void> {
    const contact = contactOf(phones.get(instanceId) ?? '');
    const text = `message ${number}`;
    for (const deadline = Date.now() + 90_000; Date.now() < deadline;) {
      const answer = await cluster.next().api.raw(`/instances/${instanceId}/messages/text?async=true`, {
        method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': `traffic-${number}` }, body: JSON.stringify({ to: contact, text }),
      }).catch(() => null);
      const body = await answer?.text().catch(() => null);
      if (answer && body && answer.status === 202) {
        accepted.push({ messageId: (JSON.parse(body) as { messageId: string }).messageId, instanceId, contact, text });
        return;
      }
      // A connection that breaks off with its node says nothing; an answer has to be clear.
      if (answer && body && (answer.status !== 503 || answer.headers.get('retry-after') === null)) unclear.push(`${answer.status} ${body}`);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error(`message ${number} was never accepted`);
  }

  const pacing = (async () => {
    while (!stopped) {
      const number = count++;
      const instanceId = instances[number % instances.length] ?? '';
      const phone = phones.get(instanceId) ?? '';
      lines.set(instanceId, (lines.get(instanceId) ?? Promise.resolve()).then(() => send(number, instanceId)));
      writing.push(cluster.simulator.contacts.write(contactOf(phone), { to: phone, text: `incoming ${number}` })
        .then(({ messageId }) => written.push({ messageId, instanceId })));
      await new Promise(resolve => setTimeout(resolve, everyMs));
    }
  })();

  const eventsOf = readEvents<{ id: string; type: string; data: { messageId: string; status?: string } }>(receiver);

  return {
    counts: () => ({ accepted: accepted.length, written: written.length }),
    /** Ends the traffic, waits until nothing is missing (or for `withinMs`), and counts. */
    async stop(withinMs = 60_000): Promise<TrafficResult> {
      stopped = true;
      await pacing;
      await Promise.all([...lines.values(), ...writing]);
      const delivered = () => new Set(eventsOf().filter(({ type, data }) => type === 'message.ack' && data.status === 'delivered').map(({ data }) => data.messageId));
      const reported = () => new Set(eventsOf().filter(({ type }) => type === 'message.received').map(({ data }) => data.messageId));
      await until('nothing is missing', () => {
        const [acked, received] = [delivered(), reported()];
        return accepted.every(({ messageId }) => acked.has(messageId)) && written.every(({ messageId }) => received.has(messageId));
      }, withinMs).catch(() => {});

      const ids = new Map<string, Set<string>>();
      for (const { id, type, data } of eventsOf()) if (type === 'message.received') ids.set(data.messageId, (ids.get(data.messageId) ?? new Set()).add(id));
      const contacts = new Set(accepted.map(({ contact }) => contact));
      const shown = new Map([...contacts].map(contact => [contact, cluster.simulator.contacts.received(contact)]));
      const times = new Map([...shown.values()].flat().map(message => [message.messageId, message.times]));
      const acked = delivered();
      return {
        accepted: accepted.length,
        written: written.length,
        notShown: accepted.filter(({ messageId }) => !times.has(messageId)).map(({ text }) => text),
        shownTwice: [...times].filter(([, count]) => count > 1).map(([messageId]) => messageId),
        inWrongOrder: [...contacts].filter(contact => {
          const texts = (shown.get(contact) ?? []).map(({ text }) => text).filter(text => text?.startsWith('message '));
          return JSON.stringify(texts) !== JSON.stringify(accepted.filter(entry => entry.contact === contact).map(({ text }) => text));
        }),
        notReportedSent: accepted.filter(({ messageId }) => !acked.has(messageId)).map(({ text }) => text),
        incomingNotReported: written.filter(({ messageId }) => !ids.has(messageId)).map(({ messageId }) => messageId),
        withTwoEventIds: [...ids].filter(([, events]) => events.size > 1).map(([messageId]) => messageId),
        unclear,
      };
    },
  };
}

/** What a run that kept every promise comes to. */
export const NOTHING_WRONG = {
  notShown: [], shownTwice: [], inWrongOrder: [], notReportedSent: [], incomingNotReported: [], withTwoEventIds: [], unclear: [],
};
