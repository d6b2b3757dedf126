import fp from 'fastify-plugin';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain/errors.js';
import type { App } from '../http-app.js';
import { toDomainError } from '../framework-errors.js';
import { retryAfterOf, statusOf, toProblem } from '../problem.js';

/** Every failure leaves as a problem document; unknown addresses and wrong methods are failures, too. */
export const problemsPlugin = fp(async (app: App) => {
  const routes: Route[] = [];
  app.addHook('onRoute', route => {
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, path: pathPattern(route.url) });
  });
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = [...new Set(routes.filter(route => route.path.test(path)).map(route => route.method))];
    if (methods.length === 0) {
      throw new DomainError('route_not_found', `There is nothing at ${path.slice(0, 200)}.`, { hint: 'GET /docs shows every address.' });
    }
    reply.header('allow', methods.join(', '));
    const places = placesBelow(routes, request.method, path);
    throw new DomainError('method_not_allowed', `${request.method} is not possible here; possible are: ${methods.join(', ')}.`,
      places.length === 0 ? {} : { hint: `${request.method} is possible at: ${places.join(', ')}.` });
  });
}, { name: 'problems' });

/** Answers with the problem document for a failure, and logs what the caller is not told. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = toDomainError(error);
  const status = statusOf(failure);
  request.problem = failure.code;
  if (failure.code === 'internal_error') request.log.error({ err: failure.cause ?? failure }, 'request failed unexpectedly');
  // In an outage every request fails: whatever is away is told of once, and the line of each request has its code.
  else if (status === 503) request.log.debug({ err: failure }, 'request refused for now');
  else if (status >= 500) request.log.warn({ err: failure }, 'request failed');
  else request.log.debug({ code: failure.code, field: failure.field }, failure.message);
  reply.removeHeader('content-disposition');
  // What the caller is still sending is read and thrown away: closing now would take the answer from it.
  if (failure.code !== 'shutting_down') reply.removeHeader('connection');
  const retryAfter = retryAfterOf(failure);
  if (retryAfter !== null) reply.header('retry-after', String(retryAfter));
  return reply
    .code(status)
    // An address that cannot be read fails before any hook has named the request.
    .header('x-request-id', request.id)
    .type('application/problem+json')
    .serializer((problem: unknown) => JSON.stringify(problem))
    .send(toProblem(failure, request.id));
}

interface Route { method: string; url: string; path: RegExp }

/** Addresses that take the method and differ from this one by a fixed last part: added to it, or instead of its own. */
function placesBelow(routes: Route[], method: string, path: string): string[] {
  const parents = [path, path.slice(0, path.lastIndexOf('/'))].filter(parent => parent !== '');
  const places = routes.filter(route => route.method === method).flatMap(({ url }) => {
    const cut = url.lastIndexOf('/');
    const last = url.slice(cut);
    if (cut <= 0 || last === '/' || /[:*]/.test(last)) return [];
    const parent = parents.find(candidate => pathPattern(url.slice(0, cut)).test(candidate));
    return parent === undefined ? [] : [`${parent}${last}`];
  });
  return [...new Set(places)];
}

function pathPattern(url: string): RegExp {
  const source = url.split('/').map(part =>
    part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('/');
  return new RegExp(`^${source}$`);
}
