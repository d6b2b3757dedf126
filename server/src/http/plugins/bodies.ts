import fp from 'fastify-plugin';
import type { App } from '../http-app.js';

/** Bodies are JSON; an empty one counts as none. */
export const bodiesPlugin = fp(async (app: App) => {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  app.removeContentTypeParser('text/plain');
}, { name: 'bodies' });
