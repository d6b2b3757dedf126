import fp from 'fastify-plugin';
import underPressure from '@fastify/under-pressure';
import { DomainError } from '../../domain/errors.js';
import type { App } from '../http-app.js';

/** Refuses work with 503 while the event loop cannot keep up; open routes (health) still answer. */
export const overloadPlugin = fp(async (app: App, { maxEventLoopDelayMs }: { maxEventLoopDelayMs: number }) => {
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    async pressureHandler(request) {
      if (request.routeOptions.config.access === 'open') return;
      throw new DomainError('overloaded', 'The gateway has more work than it can do at the moment.', { hint: 'Try again in some seconds.' });
    },
  });
}, { name: 'overload' });
