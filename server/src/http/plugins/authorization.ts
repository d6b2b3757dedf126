import fp from 'fastify-plugin';
import type { FastifyRequest } from 'fastify';
import { hasScope, mayTouch, type Principal } from '../../domain/access/scopes.js';
import { DomainError } from '../../domain/errors.js';
import { isOpen, type App } from '../http-app.js';

/** Lets nobody do what he may not, before the body is read. Behind the plugins that say who calls. */
export const authorizationPlugin = fp(async (app: App) => {
  app.addHook('onRequest', async request => {
    if (!request.is404 && !isOpen(request.routeOptions.config.access) && request.principal) authorize(request, request.principal);
  });
}, { name: 'authorization', dependencies: ['auth'] });

/**
 * Whether the principal may call this route, by what its configuration says. A key that is bound to instances learns nothing of others: whatever it is
 * not bound to does not exist for it.
 * @throws DomainError `forbidden`, `instance_not_found`
 */
function authorize(request: FastifyRequest, principal: Principal): void {
  const { scope = 'admin', servesBoundKeys = false } = request.routeOptions.config;
  if (!hasScope(principal, scope)) {
    throw new DomainError('forbidden', `The API key "${principal.name}" does not have the scope ${scope}.`, {
      hint: 'Use another key, or have the scope added to this one with PATCH /keys/{keyId}.', details: { requiredScope: scope },
    });
  }
  const { instanceId } = (request.params ?? {}) as { instanceId?: string };
  if (instanceId === undefined) {
    if (principal.instances !== null && !servesBoundKeys) {
      throw new DomainError('forbidden', `The API key "${principal.name}" is bound to some instances, and this concerns all of them.`, { hint: 'Use a key that is not bound to instances.' });
    }
  } else if (!mayTouch(principal, instanceId)) {
    throw new DomainError('instance_not_found', `There is no instance "${instanceId}".`, { hint: 'List the instances with GET /instances, or create it with POST /instances.' });
  }
}
