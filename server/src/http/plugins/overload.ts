import fp from 'fastify-plugin';
import underPressure from '@fastify/under-pressure';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { isOpen, type App } from '../http-app.js';

/** One stall, as at a start, is no overload; this much of it in a row is. */
const SUSTAINED_MS = 5_000;
/** The delay is measured once a second; a longer gap between two signs of pressure ends a row. */
const GAP_MS = 2_500;
/** How often it is looked at while nobody asks for anything. */
const LOOK_MS = 1_000;

declare module 'fastify' {
  interface FastifyInstance {
    /** @throws DomainError `overloaded` while the event loop has not kept up for seconds */
    refuseWhenOverloaded(): void;
  }
}

export interface OverloadOptions { maxEventLoopDelayMs: number; clock: Pick<Clock, 'now' | 'after'> }

/** Refuses work with 503 while the event loop cannot keep up; open routes (health) still answer. */
export const overloadPlugin = fp(async (app: App, { maxEventLoopDelayMs, clock }: OverloadOptions) => {
  const row = { since: 0, last: Number.NEGATIVE_INFINITY };
  let cancelLook = () => {};

  function notePressure(): void {
    const now = clock.now();
    if (now - row.last > GAP_MS) row.since = now;
    row.last = now;
  }

  function refuseWhenOverloaded(): void {
    if (row.last - row.since < SUSTAINED_MS || clock.now() - row.last > GAP_MS) return;
    throw new DomainError('overloaded', 'The gateway has more work than it can do at the moment.', { hint: 'Try again in some seconds.' });
  }

  /** Whoever asks for readiness alone may ask too seldom for a row. */
  function look(): void {
    cancelLook = clock.after(LOOK_MS, () => {
      if (app.isUnderPressure()) notePressure();
      look();
    });
  }

  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    async pressureHandler(request) {
      notePressure();
      const { access, evenOverloaded } = request.routeOptions.config;
      if (!isOpen(access) && !evenOverloaded) refuseWhenOverloaded();
    },
  });
  app.decorate('refuseWhenOverloaded', refuseWhenOverloaded);
  app.addHook('onReady', async () => look());
  app.addHook('onClose', async () => cancelLook());
}, { name: 'overload' });
