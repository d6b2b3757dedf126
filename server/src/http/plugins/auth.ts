import fp from 'fastify-plugin';
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../../domain/access/scopes.js';
import { DomainError, isDomainError, isStoreAway } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import { callerAddress } from '../caller-address.js';
import type { App } from '../http-app.js';
import type { LinkSigner } from '../link-signer.js';

export interface AuthDeps {
  usecases: Pick<GatewayUseCases, 'authenticate'>;
  signer: LinkSigner;
  clock: Clock;
}

/**
 * Asks for a key before anything else is looked at: before the body is read, and before it is told whether an
 * address exists. What the key permits is the authorization plugin's business.
 */
export const authPlugin = fp(async (app: App, deps: AuthDeps) => {
  app.decorateRequest('principal', null);
  app.addHook('onRequest', async (request, reply) => {
    const access = request.is404 ? 'key' : request.routeOptions.config.access ?? 'key';
    if (access === 'open') return;
    try {
      if (access === 'optional') {
        request.principal = await principalIfSent(request, deps);
        return;
      }
      request.principal = access === 'key-or-link' && holdsLink(request) ? linkHolder(request, deps) : await keyHolder(request, deps);
    } catch (error) {
      // Where keys cannot be looked up at the moment, another one would not help.
      if (isDomainError(error) && error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="chasqui"');
      throw error;
    }
  });
}, { name: 'auth' });

async function keyHolder(request: FastifyRequest, deps: AuthDeps): Promise<Principal> {
  const key = keyOf(request);
  if (key === null) {
    throw new DomainError('unauthorized', 'No API key was sent.', { hint: 'Send it as "X-API-Key: …" or "Authorization: Bearer …".' });
  }
  const { evenWithoutStore = false } = request.routeOptions.config;
  const found = await deps.usecases.authenticate(key, callerAddress(request), { evenWithoutStore });
  if (found) return found;
  throw new DomainError('unauthorized', 'The API key is not valid.', { hint: 'The gateway printed its first key when it was started for the first time.' });
}

/** Whoever sends no key is told what everybody may know, as is everybody while keys cannot be looked up. */
async function principalIfSent(request: FastifyRequest, deps: AuthDeps): Promise<Principal | null> {
  if (keyOf(request) === null) return null;
  try {
    return await keyHolder(request, deps);
  } catch (error) {
    if (isStoreAway(error)) return null;
    throw error;
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

/** A link stands for its one instance. */
function linkHolder(request: FastifyRequest, { signer, clock }: AuthDeps): Principal {
  const { expires, signature } = linkQuery(request);
  const { instanceId } = request.params as { instanceId: string };
  if (typeof signature !== 'string' || !signer.verify(instanceId, Number(expires), signature, clock.now())) {
    throw new DomainError('unauthorized', 'This link has expired, or it was changed.', { hint: 'Ask for a new one with POST /instances/{instanceId}/qr-link.' });
  }
  return { id: 'link', name: 'signed link', scopes: ['instances:read'], instances: [instanceId] };
}
