import fp from 'fastify-plugin';
import helmet from '@fastify/helmet';
import type { App } from '../http-app.js';

/** Answers are data: a browser that opens one runs nothing, frames nothing and guesses no type. Pages set a policy of their own. */
export const securityHeadersPlugin = fp(async (app: App) => {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
    },
    // TLS ends in front of the gateway; what is promised about it is said there.
    hsts: false,
    referrerPolicy: { policy: 'no-referrer' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
}, { name: 'security-headers' });
