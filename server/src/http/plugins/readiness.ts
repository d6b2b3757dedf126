import fp from 'fastify-plugin';
import { DomainError } from '../../domain/errors.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import { isOpen, type App } from '../http-app.js';

/** Refuses work while the gateway starts or stops; open routes still answer. What was begun before is finished. */
export const readinessPlugin = fp(async (app: App, { usecases }: { usecases: Pick<GatewayUseCases, 'phase'> }) => {
  app.addHook('onRequest', async request => {
    if (!request.is404 && !isOpen(request.routeOptions.config.access)) requireReady(usecases);
  });
}, { name: 'readiness' });

/** @throws DomainError `not_ready`, `shutting_down` */
export function requireReady(usecases: Pick<GatewayUseCases, 'phase'>): void {
  const phase = usecases.phase();
  if (phase === 'starting') throw new DomainError('not_ready', 'The gateway is starting.', { hint: 'Try again in some seconds.' });
  if (phase === 'stopping') throw new DomainError('shutting_down', 'The gateway is shutting down; nothing was begun.', { hint: 'Try again when it has been started again.' });
}
