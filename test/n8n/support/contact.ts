import { eventually } from './eventually.js';
import { requestJson } from './http.js';

/** What a contact received and decrypted, as the simulator tells it. */
export interface ReceivedMessage {
  messageId: string;
  from: string;
  type: string;
  text?: string;
  caption?: string;
  fileName?: string;
  mimetype?: string;
  sha256?: string;
  /** how often the same message arrived */
  times: number;
}

/** Somebody on the simulated network, by the simulator's control API. */
export interface Contact {
  readonly number: string;
  /** Writes to an account. @returns the message's id */
  write(to: string, content: Record<string, unknown>): Promise<string>;
  received(): Promise<ReceivedMessage[]>;
  /** The first message that fits, awaited. */
  hears(what: string, fits: (message: ReceivedMessage) => boolean): Promise<ReceivedMessage>;
  sendReceipt(messageId: string, type: 'read' | 'played'): Promise<void>;
}

export function createContact(simulatorUrl: string, number: string): Contact {
  const base = `${simulatorUrl}/contacts/${number}`;
  const received = (): Promise<ReceivedMessage[]> => requestJson<ReceivedMessage[]>('GET', `${base}/messages`);
  return {
    number,
    received,
    write: async (to, content) => (await requestJson<{ messageId: string }>('POST', `${base}/messages`, { to, ...content })).messageId,
    hears: (what, fits) => eventually(`${number} hears ${what}`, async () => (await received()).find(fits)),
    async sendReceipt(messageId, type) {
      await requestJson('POST', `${base}/receipts`, { messageId, type });
    },
  };
}
