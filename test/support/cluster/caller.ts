import type { Simulator } from '@simulator/index.js';
import type { Api } from '../api.js';
import { until } from '../until.js';

/** An answer, without what differs from one time to the next: ids, times, and the names of who was talked about. */
export interface PlainAnswer {
  what: string;
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** Somebody who talks to a gateway about one instance, at one node or at each in turn, and keeps what was answered. */
export interface Caller {
  readonly instanceId: string;
  readonly phone: string;
  readonly simulator: Simulator;
  /** What is served for media by url, and the address of it. */
  readonly file: { url: string; bytes: Buffer };
  readonly answers: PlainAnswer[];
  /** How often it was told to come again. */
  putOff(): number;
  /** A number that nobody has written to. */
  newContact(): string;
  /** Asks for `path` below the instance, and keeps the answer; an answer with another status is an error. `/` begins an address of its own. */
  ask(what: string, status: number, path: string, request?: AskedRequest): Promise<Answered>;
  /** Asks until the answer is as wanted, and keeps nothing. */
  askUntil(what: string, path: string, done: (body: Body) => boolean): Promise<Body>;
}

export interface AskedRequest {
  method?: string;
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
}

export type Body = Record<string, unknown>;
export interface Answered { body: Body; bytes: Buffer; headers: Headers }

/** Those that say something to the caller. */
const HEADERS = ['allow', 'cache-control', 'content-disposition', 'content-security-policy', 'content-type', 'location', 'retry-after', 'vary', 'www-authenticate'];
const PATIENCE_MS = 20_000;

export interface CallerOptions {
  instanceId: string;
  phone: string;
  simulator: Simulator;
  file: { url: string; bytes: Buffer };
  /** Whom to ask next. */
  next: () => Api;
  /** The first four digits of its contacts' numbers. */
  contacts: string;
}

export function createCaller({ instanceId, phone, simulator, file, next, contacts }: CallerOptions): Caller {
  const answers: PlainAnswer[] = [];
  /** Names of what was talked about, by what they are to be called. */
  const names = new Map([[instanceId, '<instance>'], [phone, '<phone>']]);
  let known = 0;
  let putOff = 0;

  async function call(path: string, { method = 'GET', json, form, headers = {} }: AskedRequest): Promise<{ response: Response; bytes: Buffer }> {
    const address = path.startsWith('//') ? path.slice(1) : `/instances/${instanceId}${path}`;
    const body = form ?? (json === undefined ? null : JSON.stringify(json));
    for (const deadline = Date.now() + PATIENCE_MS; ;) {
      const response = await next().raw(address, { method, body, headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers } });
      const bytes = Buffer.from(await response.arrayBuffer());
      // The instance is changing its node.
      if (response.status !== 503 || response.headers.get('retry-after') === null || Date.now() > deadline) return { response, bytes };
      putOff += 1;
      await new Promise(resolve => setTimeout(resolve, 250));
    }
  }

  return {
    instanceId, phone, simulator, file, answers,
    putOff: () => putOff,
    newContact() {
      const number = `${contacts}${String(++known).padStart(7, '0')}`;
      const { lid } = simulator.contacts.get(number);
      names.set(number, '<contact>').set(lid, '<contact-lid>');
      return number;
    },
    async ask(what, status, path, request = {}) {
      const { response, bytes } = await call(path, request);
      const text = bytes.toString('utf8');
      if (response.status !== status) throw new Error(`${what}: ${request.method ?? 'GET'} ${path} answered ${response.status}, not ${status}: ${text}`);
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      const body = isJson ? JSON.parse(text) as Body : {};
      const headers = Object.fromEntries(HEADERS.flatMap(name => response.headers.has(name) ? [[name, plainText(response.headers.get(name) ?? '', names)]] : []));
      const isText = /^(text\/|image\/svg)/.test(response.headers.get('content-type') ?? '');
      answers.push({ what, status, headers, body: isJson ? plain(body, names) : isText ? plainText(text, names) : `${bytes.length} bytes` });
      return { body, bytes, headers: response.headers };
    },
    async askUntil(what, path, done) {
      let body: Body = {};
      await until(what, async () => {
        const { response, bytes } = await call(path, {});
        body = response.ok ? JSON.parse(bytes.toString('utf8')) as Body : {};
        return response.ok && done(body);
      }, PATIENCE_MS).catch((error: unknown) => { throw new Error(`${String(error)}: ${JSON.stringify(body)}`); });
      return body;
    },
  };
}

/** What no two answers have in common, by the name of the member. */
const SECRET_MEMBERS = new Set(['qr', 'qrDataUrl', 'code:pairing', 'secret', 'next', 'requestId']);
/** It shows up some seconds after the connection was made. */
const SOMETIMES = new Set(['lastSeen']);

function plain(value: unknown, names: Map<string, string>): unknown {
  if (typeof value === 'string') return plainText(value, names);
  if (Array.isArray(value)) return value.map(item => plain(item, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => {
    if (SOMETIMES.has(name)) return [];
    return [[name, SECRET_MEMBERS.has(name) && typeof member === 'string' ? `<${name}>` : plain(member, names)]];
  }));
}

function plainText(text: string, names: Map<string, string>): string {
  let plain = text;
  for (const [name, called] of names) plain = plain.replaceAll(name, called);
  return plain
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/(?<![0-9A-F])3[AE][0-9A-F]{18,}\b/g, '<message>')
    .replace(/\bevt_[\w-]{27}/g, '<event>')
    .replace(/\b\d{15,16}@lid\b/g, '<lid>')
    .replace(/<svg [\s\S]*?<\/svg>/g, '<svg/>')
    .replace(/<span data-seconds>\d+/g, '<span data-seconds><seconds>')
    .replace(/http:\/\/127\.0\.0\.1:\d+(?=\/instances)/g, '<origin>')
    .replace(/expires=\d+&(amp;)?signature=[\w-]+/g, '<signed>')
    .replace(/^[A-Z0-9]{4}-?[A-Z0-9]{4}$/, '<pairing code>');
}
