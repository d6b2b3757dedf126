import type { FastifyBaseLogger, FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';

/** Who may call a route: everybody, holders of a key (the default), or also holders of a signed link to it. */
export type Access = 'open' | 'key' | 'key-or-link';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** The Fastify instance that routes are added to. */
export type App = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

export interface HttpLimits {
  /** Largest JSON body of an ordinary route, in bytes. */
  jsonBodyBytes: number;
  /** Largest media, however it comes, in bytes. */
  mediaBytes: number;
  /** A request that was not received completely by then is dropped. */
  requestTimeoutMs: number;
  /** Above this mean delay of the event loop, requests are refused with 503. */
  maxEventLoopDelayMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  jsonBodyBytes: 1024 * 1024,
  mediaBytes: 64 * 1024 * 1024,
  requestTimeoutMs: 300_000,
  maxEventLoopDelayMs: 2_000,
};
