import fp from 'fastify-plugin';
import multipart from '@fastify/multipart';
import type { App } from '../http-app.js';

/** Fields of a form; captions are the longest of them. */
const FIELD_BYTES = 256 * 1024;

/** What bodies may be: JSON, where an empty one counts as none, and forms, which are read part by part. */
export const bodiesPlugin = fp(async (app: App) => {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parseJson(request, body as string, done);
  });
  app.removeContentTypeParser('text/plain');
  await app.register(multipart, {
    throwFileSizeLimit: false,
    // The size of the file is counted where it is written.
    limits: { fieldNameSize: 100, fieldSize: FIELD_BYTES, fields: 20, files: 1, parts: 25, fileSize: Infinity, headerPairs: 50 },
  });
}, { name: 'bodies' });
