import { lidOf } from '../jids.js';
import { createSignalEndpoint, type SignalEndpoint } from '../signal/endpoint.js';
import { createInbox, type Inbox } from './inbox.js';
import type { LinkedDevice } from './linked-device.js';
import { createSentMessages, type SentMessages } from './sent-messages.js';

/** What a contact does by itself when a client writes to it. */
export interface AutoReply {
  /** The answer; without it the text of the message comes back. */
  text?: string | undefined;
  /** Whether it reads the message before it answers. */
  read: boolean;
}

/**
 * A phone number on the network. Every number has one: as a contact it writes and reads by its own (device 0), as a
 * phone it also owns linked devices.
 */
export interface Account {
  readonly number: string;
  readonly lid: string;
  name: string;
  /** Whether it was made a phone, so that it may scan. */
  isPhone: boolean;
  /** The Signal end of device 0, made at its first use. */
  readonly endpoint: SignalEndpoint;
  readonly devices: Map<number, LinkedDevice>;
  readonly inbox: Inbox;
  readonly sent: SentMessages;
  autoReply?: AutoReply | undefined;
  /** Clients that asked for this account's devices, and are told when they change. */
  readonly watchers: Set<LinkedDevice>;
  nextDeviceId(): number;
  /** Runs the account's work one after another, in the order it came. */
  enqueue(task: () => Promise<void>): Promise<void>;
}

export function createAccount(number: string, name: string, onError: (error: unknown) => void): Account {
  let endpoint: SignalEndpoint | undefined;
  let lastDeviceId = 0;
  let tail: Promise<void> = Promise.resolve();
  return {
    number,
    lid: lidOf(number),
    name,
    isPhone: false,
    get endpoint() {
      return (endpoint ??= createSignalEndpoint(number));
    },
    devices: new Map(),
    inbox: createInbox(),
    sent: createSentMessages(),
    watchers: new Set(),
    nextDeviceId() {
      lastDeviceId += 1;
      // Device 99 means a hosted device, which clients treat apart.
      if (lastDeviceId === 99) lastDeviceId += 1;
      return lastDeviceId;
    },
    enqueue(task) {
      tail = tail.then(task).catch(onError);
      return tail;
    },
  };
}
