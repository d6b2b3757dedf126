import fp from 'fastify-plugin';
import type { FastifyRequest } from 'fastify';
import rateLimit from '@fastify/rate-limit';
import { DomainError } from '../../domain/errors.js';
import { isOpen, type App } from '../http-app.js';

const WINDOW_MS = 60_000;
/** Keys whose calls are counted at the same time. */
const REMEMBERED = 10_000;
/** Stands for one instance's page, which asks by itself every few seconds; it is nobody's key. */
const LINK_ID = 'link';

/**
 * Counts the calls of each key, in this process, where there is a limit: its own, or that of every key. Calls that are refused count as well, a bulk call
 * once, open routes never.
 */
export const rateLimitPlugin = fp(async (app: App, { perMinute }: { perMinute: number | null }) => {
  const limitOf = ({ principal, routeOptions }: FastifyRequest): number | null =>
    principal === null || principal.id === LINK_ID || isOpen(routeOptions.config.access) ? null : principal.rateLimitPerMinute ?? perMinute;

  await app.register(rateLimit, {
    global: false,
    enableDraftSpec: true,
    timeWindow: WINDOW_MS,
    cache: REMEMBERED,
    keyGenerator: request => request.principal?.id ?? '',
    max: request => limitOf(request) ?? 0,
    errorResponseBuilder: (_request, { max, ttl }) => new DomainError('rate_limited', `This API key may make ${max} calls a minute.`, {
      hint: 'Wait as long as Retry-After says. Many messages at once are one call with POST /instances/{instanceId}/messages/bulk.',
      details: { retryAfterSeconds: Math.ceil(ttl / 1_000) },
    }),
  });
  const count = app.rateLimit();
  app.addHook('onRequest', async function countCall(request, reply) {
    if (limitOf(request) !== null) await count.call(app, request, reply);
  });
}, { name: 'rate-limit', dependencies: ['auth'] });
