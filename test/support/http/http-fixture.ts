import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createRequire } from 'node:module';
import { createMediaFetcher } from '@gateway/adapters/media/media-fetcher.js';
import type { Scope } from '@gateway/domain/access/scopes.js';
import type { Access, App, HttpLimits } from '@gateway/http/http-app.js';
import { createHttpServer, type AccessLimits } from '@gateway/http/server.js';
import { LOOPBACK_GUARD } from '../guards.js';
import { createTestClock, type TestClock } from '../test-clock.js';
import { createInMemoryGateway, KEY, type InMemoryGateway } from './in-memory-gateway.js';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
interface Call { headers?: Record<string, string>; payload?: unknown; key?: string | null }
export interface Answer { status: number; headers: Record<string, unknown>; body: string; raw: Buffer; json: Record<string, unknown> }

/** A route as it was registered. */
export interface Route { method: string; url: string; config?: { access?: Access; scope?: Scope; audit?: string; servesBoundKeys?: boolean } }

export interface HttpFixture {
  app: App;
  /** All there are. */
  routes: readonly Route[];
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
export async function createHttpFixture(limits: Partial<HttpLimits> = {}, access: Partial<AccessLimits> = {}): Promise<HttpFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'chasqui-http-'));
  const clock = createTestClock();
  const lines: string[] = [];
  const sink = new Writable({ write(chunk: Buffer, _encoding, done) { lines.push(chunk.toString()); done(); } });
  const media = createMediaFetcher({ dir, maxBytes: limits.mediaBytes ?? 1024 * 1024, timeoutMs: 5_000, guard: LOOPBACK_GUARD });
  const gateway = createInMemoryGateway({ clock, fetcher: media });
  const app = createHttpServer({
    usecases: gateway.usecases, media, auditor: gateway.auditor, logger: pino.pino({ level: 'debug' }, sink), version: '9.8.7', clock, linkSecret: randomBytes(32),
    random: { bytes: size => randomBytes(size), float: Math.random, uuid: randomUUID },
    access: { rateLimitPerMinute: null, trustProxy: [], ...access },
    // A busy machine is no part of what is tried here.
    limits: { mediaBytes: 1024 * 1024, maxEventLoopDelayMs: 0, ...limits },
  });
  const routes: Route[] = [];
  app.addHook('onRoute', route => void routes.push(route as Route));
  await app.ready();
  return {
    app, gateway, clock, routes,
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
