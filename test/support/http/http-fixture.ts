import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createRequire } from 'node:module';
import { createMediaFetcher } from '@gateway/adapters/media/media-fetcher.js';
import type { App, HttpLimits } from '@gateway/http/http-app.js';
import { createHttpServer } from '@gateway/http/server.js';
import { createTestClock, type TestClock } from '../test-clock.js';
import { createInMemoryGateway, KEY, type InMemoryGateway } from './in-memory-gateway.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
interface Call { headers?: Record<string, string>; payload?: unknown; key?: string | null }
export interface Answer { status: number; headers: Record<string, unknown>; body: string; raw: Buffer; json: Record<string, unknown> }

export interface HttpFixture {
  app: App;
  gateway: InMemoryGateway;
  clock: TestClock;
  /** Everything that was logged, as text. */
  log(): string;
  /** With a valid key unless told otherwise. */
  call(method: Method, url: string, options?: Call): Promise<Answer>;
  /** Files that wait in the directory for media. */
  spooled(): Promise<string[]>;
  /** Listens on a port of its own and answers the address. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

const pino = createRequire(new URL('../../../server/package.json', import.meta.url))('pino') as typeof import('pino');

/** The real HTTP server over use cases in memory. */
export async function createHttpFixture(limits: Partial<HttpLimits> = {}): Promise<HttpFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-http-'));
  const clock = createTestClock();
  const lines: string[] = [];
  const sink = new Writable({ write(chunk: Buffer, _encoding, done) { lines.push(chunk.toString()); done(); } });
  const media = createMediaFetcher({ dir, maxBytes: limits.mediaBytes ?? 1024 * 1024, timeoutMs: 5_000 });
  const gateway = createInMemoryGateway({ clock, fetcher: media });
  const app = createHttpServer({
    usecases: gateway.usecases, media, logger: pino.pino({ level: 'debug' }, sink), version: '9.8.7', clock,
    random: { bytes: size => randomBytes(size), float: Math.random, uuid: randomUUID },
    limits: { mediaBytes: 1024 * 1024, maxEventLoopDelayMs: 60_000, ...limits },
  });
  await app.ready();
  return {
    app, gateway, clock,
    log: () => lines.join(''),
    async call(method, url, { headers = {}, payload, key = KEY } = {}) {
      const answer = await app.inject({
        method, url,
        headers: { ...(key === null ? {} : { 'x-api-key': key }), ...headers },
        ...(payload === undefined ? {} : { payload: payload as string | object }),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      return { status: answer.statusCode, headers: answer.headers, body: answer.body, raw: answer.rawPayload, json: isJson && answer.body !== '' ? answer.json() : {} };
    },
    spooled: () => readdir(dir),
    async listen() {
      await app.listen({ host: '127.0.0.1', port: 0 });
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
    },
    async close() {
      await app.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
