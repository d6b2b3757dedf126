import fp from 'fastify-plugin';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../http-app.js';

const TAGS = [
  { name: 'Instances', description: 'WhatsApp accounts that this gateway holds.' },
  { name: 'Connection', description: 'Linking an account, and its connection to WhatsApp.' },
  { name: 'Sessions', description: 'What the gateway holds for connections, and cleaning it up.' },
  { name: 'Backups', description: 'Copies of what an account is linked by, made before it is deleted.' },
  { name: 'Encryption', description: 'The keys that seal what is stored.' },
  { name: 'Messages', description: 'Sending, and what became of it.' },
  { name: 'Webhooks', description: 'Signed events to receivers of your own (Standard Webhooks).' },
  { name: 'Access', description: 'API keys, and the audit log.' },
  { name: 'Gateway', description: 'The gateway itself.' },
];

/** The page talks to the gateway alone. It sets style attributes; it does not ask for https, which a local gateway lacks. */
const DOCS_CSP = {
  'default-src': "'self'",
  'img-src': ["'self'", 'data:'],
  'style-src': ["'self'", "'unsafe-inline'"],
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'object-src': "'none'",
};

/** OpenAPI 3.1 from the routes' own schemas, at /openapi.json, and a page to browse it at /docs. */
export const openapiPlugin = fp(async (app: App, { version }: { version: string }) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Chasqui',
        version,
        description: 'WhatsApp gateway that tells the truth: 201 means that WhatsApp acknowledged the message. Failures are RFC 9457 problem documents with a stable `code`.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ apiKey: [] }, { bearer: [] }],
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => typeof json.$id === 'string' ? json.$id : `schema-${index}` },
  });
  await app.register(async scope => {
    scope.addHook('onRoute', route => {
      route.config = { ...route.config, access: 'open' };
      route.schema = { ...route.schema, hide: true };
    });
    await scope.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: DOCS_CSP,
      logLevel: 'warn',
      theme: { title: 'Chasqui: the API' },
      uiConfig: { layout: 'BaseLayout', persistAuthorization: false },
    });
  });
  app.get('/openapi.json', {
    config: { access: 'open' },
    schema: { summary: 'This description, as OpenAPI 3.1', operationId: 'getOpenApi', tags: ['Gateway'], security: [], description: 'The document that /docs shows.', response: { 200: { description: 'The document', type: 'object', additionalProperties: true } } },
  }, async () => ({ ...app.swagger() }));
}, { name: 'openapi' });
