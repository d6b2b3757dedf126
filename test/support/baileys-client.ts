import { Agent as HttpsAgent } from 'node:https';
import { Agent } from '../../server/node_modules/undici/index.js';
import {
  BufferJSON, initAuthCreds, makeWASocket, WA_CERT_DETAILS,
  type AuthenticationCreds, type AuthenticationState, type proto, type SignalDataTypeMap, type UserFacingSocketConfig, type WAMessage, type WASocket,
} from '../../server/node_modules/@whiskeysockets/baileys/lib/index.js';
import type { Simulator } from '@simulator/index.js';
import { until } from './until.js';

/** What a client keeps when its connection or its process ends. */
export interface ClientState {
  creds: AuthenticationCreds;
  /** Everything in `keys`, as JSON. */
  keys: Map<string, string>;
}

export interface ReceivedUpsert {
  type: string;
  message: WAMessage;
}

export interface ClientOptions {
  state?: ClientState;
  config?: Partial<UserFacingSocketConfig>;
  /** Whether it comes again by itself after anything but 401 and 440. The restart after pairing (515) always does. */
  reconnect?: boolean;
}

/** An unmodified Baileys client on the simulated network, with what it saw. */
export interface BaileysClient {
  readonly sock: WASocket;
  readonly state: ClientState;
  readonly upserts: ReceivedUpsert[];
  /** Acks of its own messages, by id: undefined is a good one. */
  readonly acks: Map<string, string | undefined>;
  /** The highest status of each of its messages, from updates and own upserts. */
  readonly statuses: Map<string, number>;
  /** Codes of the closes, oldest first; 515 is not among them. */
  readonly closes: { code: number | undefined; message: string }[];
  readonly qrs: string[];
  /** For downloads: trusts the simulator's media host. */
  readonly requestOptions: RequestInit;
  readonly isOpen: boolean;
  connect(): void;
  /** Ends the connection as a stopping process does. */
  end(): Promise<void>;
  opened(): Promise<void>;
  /** The texts it received, in order. */
  texts(): string[];
}

/** Trusts the simulator in this process; once per test file. */
export function trust(simulator: Simulator): void {
  WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(simulator.trust.rootPublicKey, 'hex');
}

export function newState(): ClientState {
  return { creds: initAuthCreds(), keys: new Map() };
}

const SILENT_LOGGER = {
  level: 'silent', child: () => SILENT_LOGGER, trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {},
};

/** Makes a client; `connect()` starts it. */
export function createClient(simulator: Simulator, { state = newState(), config = {}, reconnect = false }: ClientOptions = {}): BaileysClient {
  const ca = simulator.trust.mediaCa;
  // Baileys hands these to fetch. Its type of a dispatcher comes from the undici within Node, not from this one.
  const requestOptions = { dispatcher: new Agent({ connect: { ca } }) } as unknown as RequestInit;
  const upserts: ReceivedUpsert[] = [];
  const acks = new Map<string, string | undefined>();
  const statuses = new Map<string, number>();
  const closes: BaileysClient['closes'] = [];
  const qrs: string[] = [];
  let sock: WASocket | undefined;
  let isOpen = false;
  let isEnded = false;

  const raise = (id: string | null | undefined, status: number | null | undefined) => {
    if (id && status !== undefined && status !== null) statuses.set(id, Math.max(status, statuses.get(id) ?? 0));
  };

  const connect = () => {
    isEnded = false;
    const made = makeWASocket({
      auth: authStateOf(state),
      waWebSocketUrl: simulator.trust.webSocketUrl,
      logger: SILENT_LOGGER,
      fetchAgent: new HttpsAgent({ ca }),
      options: requestOptions,
      // Asked when another device wants a message again.
      getMessage: async ({ id }) => upserts.find(({ message }) => message.key.fromMe && message.key.id === id)?.message.message ?? undefined,
      ...config,
    });
    sock = made;
    made.ev.on('creds.update', update => void Object.assign(state.creds, update));
    made.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) {
        upserts.push({ type, message });
        if (message.key.fromMe) raise(message.key.id, message.status);
      }
    });
    made.ev.on('messages.update', updates => updates.forEach(({ key, update }) => raise(key.id, update.status)));
    made.ws.on('CB:ack,class:message', ({ attrs }: { attrs: Record<string, string> }) => void acks.set(attrs['id'] ?? '', attrs['error']));
    made.ev.on('connection.update', ({ connection, lastDisconnect, qr }) => {
      if (qr) qrs.push(qr);
      if (connection === 'open') isOpen = true;
      if (connection !== 'close') return;
      isOpen = false;
      const error = lastDisconnect?.error as (Error & { output?: { statusCode?: number } }) | undefined;
      const code = error?.output?.statusCode;
      if (code !== 515 && error) closes.push({ code, message: error.message });
      if (!isEnded && (code === 515 || (reconnect && code !== 401 && code !== 440))) connect();
    });
  };

  return {
    state, upserts, acks, statuses, closes, qrs, requestOptions, connect,
    get sock() {
      if (!sock) throw new Error('not connected yet');
      return sock;
    },
    get isOpen() {
      return isOpen;
    },
    async end() {
      isEnded = true;
      isOpen = false;
      await sock?.end(undefined);
    },
    opened: () => until('the client is connected', () => isOpen),
    texts: () => upserts.filter(({ message }) => !message.key.fromMe).map(({ message }) => textOf(message.message)).filter(text => text !== undefined),
  };
}

/** Makes a phone, pairs a new client with it by QR and waits until it is open. */
export async function pairClient(simulator: Simulator, number: string, options: ClientOptions = {}): Promise<BaileysClient> {
  simulator.phones.add(number);
  const client = createClient(simulator, options);
  client.connect();
  await until('a QR code', () => client.qrs.length > 0);
  await simulator.phones.scan(number, client.qrs.at(-1) ?? '');
  await client.opened();
  return client;
}

export function textOf(message: proto.IMessage | null | undefined): string | undefined {
  return message?.conversation ?? message?.extendedTextMessage?.text ?? undefined;
}

function authStateOf({ creds, keys }: ClientState): AuthenticationState {
  return {
    creds,
    keys: {
      async get(type, ids) {
        const found: Record<string, SignalDataTypeMap[typeof type]> = {};
        for (const id of ids) {
          const json = keys.get(`${type}|${id}`);
          if (json !== undefined) found[id] = JSON.parse(json, BufferJSON.reviver) as SignalDataTypeMap[typeof type];
        }
        return found;
      },
      async set(data) {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries ?? {})) {
            if (value === null || value === undefined) keys.delete(`${type}|${id}`);
            else keys.set(`${type}|${id}`, JSON.stringify(value, BufferJSON.replacer));
          }
        }
      },
    },
  };
}
