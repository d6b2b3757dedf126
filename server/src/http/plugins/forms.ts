import fp from 'fastify-plugin';
import multipart from '@fastify/multipart';
import type { App } from '../http-app.js';

/** Fields of a form; captions are the longest of them. */
const FIELD_BYTES = 256 * 1024;

/** Takes forms, part by part, on the routes of the scope that registers it. */
export const formsPlugin = fp(async (app: App) => {
  await app.register(multipart, {
    throwFileSizeLimit: false,
    // The size of the file is counted where it is written.
    limits: { fieldNameSize: 100, fieldSize: FIELD_BYTES, fields: 20, files: 1, parts: 25, fileSize: Infinity, headerPairs: 50 },
  });
}, { name: 'forms' });
