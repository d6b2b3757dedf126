import type { FastifyBaseLogger, FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Principal, Scope } from '../domain/access/scopes.js';
import type { ErrorCode } from '../domain/errors.js';

/**
 * Who may call a route: everybody; everybody, but a key that is sent is looked at (`request.principal`); holders of a key (the default); or also holders
 * of a signed link to it.
 */
export type Access = 'open' | 'optional' | 'key' | 'key-or-link';

/** Whether it answers everybody, also while the gateway takes no work. */
export function isOpen(access: Access | undefined): boolean {
  return access === 'open' || access === 'optional';
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** What a key must permit for it; every route that is not open names one. */
    scope?: Scope;
    /** What a call of it is called in the audit log, such as `instance.connect`; every route that changes something names one. */
    audit?: string;
    /**
     * For a route that concerns no single instance: it looks after keys that are bound to instances itself, by `request.principal`. Others refuse such
     * keys. A route with `:instanceId` is open to the keys of that instance.
     */
    servesBoundKeys?: boolean;
    /** Answered also while work is refused for overload. */
    evenOverloaded?: boolean;
    /** Answered also while keys cannot be looked up, to a key that was good before: it tells of nothing but this node. */
    evenWithoutStore?: boolean;
  }
  interface FastifyRequest {
    /** Whoever calls; null where nobody was asked for a key, or before it was looked at. */
    principal: Principal | null;
    /** What the audit log says of this call beside what the route tells: never a secret, never text. */
    auditNote: { instanceId?: string; detail?: Record<string, unknown> } | null;
    /** What it was answered with, if that was a problem. */
    problem: ErrorCode | null;
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
  /** One whose headers were not is dropped sooner: nobody knows yet who it is. */
  headersTimeoutMs: number;
  /** A connection on which nothing has moved for so long, in either direction, is closed: longer than any answer takes to come. */
  idleTimeoutMs: number;
  /** Above this mean delay of the event loop, requests are refused with 503. */
  maxEventLoopDelayMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  jsonBodyBytes: 1024 * 1024,
  mediaBytes: 64 * 1024 * 1024,
  requestTimeoutMs: 300_000,
  headersTimeoutMs: 20_000,
  idleTimeoutMs: 180_000,
  maxEventLoopDelayMs: 2_000,
};
