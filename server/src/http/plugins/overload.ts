import fp from 'fastify-plugin';
import underPressure from '@fastify/under-pressure';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { App } from '../http-app.js';

/** One stall, as at a start, is no overload; this much of it in a row is. */
const SUSTAINED_MS = 5_000;
/** The delay is measured once a second; a longer gap between two signs of pressure ends a row. */
const GAP_MS = 2_500;

export interface OverloadOptions { maxEventLoopDelayMs: number; clock: Pick<Clock, 'now'> }

/** Refuses work with 503 while the event loop cannot keep up; open routes (health) still answer. */
export const overloadPlugin = fp(async (app: App, { maxEventLoopDelayMs, clock }: OverloadOptions) => {
  const row = { since: 0, last: Number.NEGATIVE_INFINITY };
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    async pressureHandler(request) {
      const now = clock.now();
      if (now - row.last > GAP_MS) row.since = now;
      row.last = now;
      if (request.routeOptions.config.access === 'open' || now - row.since < SUSTAINED_MS) return;
      throw new DomainError('overloaded', 'The gateway has more work than it can do at the moment.', { hint: 'Try again in some seconds.' });
    },
  });
}, { name: 'overload' });
