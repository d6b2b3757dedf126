import fp from 'fastify-plugin';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import type { LinkSigner } from '../link-signer.js';

export interface AuthDeps {
  usecases: Pick<GatewayUseCases, 'authenticate'>;
  signer: LinkSigner;
  clock: Clock;
}

/**
 * Asks for a key before anything else is looked at: before the body is read, and before it is told whether an
 * address exists.
 */
export const authPlugin = fp(async (app: App, deps: AuthDeps) => {
  app.addHook('onRequest', async (request, reply) => {
    const access = request.is404 ? 'key' : request.routeOptions.config.access ?? 'key';
    if (access === 'open') return;
    try {
      if (access === 'key-or-link' && holdsLink(request)) return checkLink(request, deps);
      await checkKey(request, deps);
    } catch (error) {
      reply.header('www-authenticate', 'Bearer realm="chasqui"');
      throw error;
    }
  });
}, { name: 'auth' });

async function checkKey(request: FastifyRequest, deps: AuthDeps): Promise<void> {
  const key = keyOf(request);
  if (key === null) {
    throw new DomainError('unauthorized', 'No API key was sent.', { hint: 'Send it as "X-API-Key: …" or "Authorization: Bearer …".' });
  }
  if (!(await deps.usecases.authenticate(key))) {
    throw new DomainError('unauthorized', 'The API key is not valid.', { hint: 'The gateway printed its first key when it was started for the first time.' });
  }
}

function keyOf(request: FastifyRequest): string | null {
  const header = request.headers['x-api-key'];
  if (typeof header === 'string' && header !== '') return header;
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
  return bearer?.[1] ?? null;
}

/** The query has not been validated yet. */
function linkQuery(request: FastifyRequest): { expires?: unknown; signature?: unknown } {
  return request.query as { expires?: unknown; signature?: unknown };
}

function holdsLink(request: FastifyRequest): boolean {
  return linkQuery(request).signature !== undefined;
}

function checkLink(request: FastifyRequest, { signer, clock }: AuthDeps): void {
  const { expires, signature } = linkQuery(request);
  const { instanceId } = request.params as { instanceId: string };
  if (typeof signature !== 'string' || !signer.verify(instanceId, Number(expires), signature, clock.now())) {
    throw new DomainError('unauthorized', 'This link has expired, or it was changed.', { hint: 'Ask for a new one with POST /instances/{instanceId}/qr-link.' });
  }
}
