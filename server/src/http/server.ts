import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Clock, Random } from '../ports/clock.js';
import type { Metrics } from '../ports/metrics.js';
import type { MediaFetcher } from '../ports/media-fetcher.js';
import type { Tracer } from '../ports/tracer.js';
import type { GatewayUseCases } from '../usecases/gateway.js';
import { DEFAULT_LIMITS, type App, type HttpLimits } from './http-app.js';
import { createLinkSigner } from './link-signer.js';
import { auditPlugin, type HttpAuditor } from './plugins/audit.js';
import { authPlugin } from './plugins/auth.js';
import { authorizationPlugin } from './plugins/authorization.js';
import { bodiesPlugin } from './plugins/bodies.js';
import { formsPlugin } from './plugins/forms.js';
import { openapiPlugin } from './plugins/openapi.js';
import { overloadPlugin } from './plugins/overload.js';
import { problemsPlugin, sendProblem } from './plugins/problems.js';
import { rateLimitPlugin } from './plugins/rate-limit.js';
import { readinessPlugin } from './plugins/readiness.js';
import { requestLogPlugin } from './plugins/request-log.js';
import { requestMetricsPlugin } from './plugins/request-metrics.js';
import { requestTracePlugin } from './plugins/request-trace.js';
import { securityHeadersPlugin } from './plugins/security-headers.js';
import { backupRoutes } from './routes/backups.js';
import { auditRoute } from './routes/audit.js';
import { connectionRoutes } from './routes/connection.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { deliveryRoutes } from './routes/deliveries.js';
import { encryptionRoutes } from './routes/encryption.js';
import { healthRoutes } from './routes/health.js';
import { instanceRoutes } from './routes/instances.js';
import { metricsRoute } from './routes/metrics.js';
import { keyRoutes } from './routes/keys.js';
import { messageRoutes } from './routes/messages.js';
import { qrRoutes } from './routes/qr.js';
import { sessionRoutes } from './routes/sessions.js';
import { sendBulkRoute } from './routes/send-bulk.js';
import { sendMediaRoutes } from './routes/send-media.js';
import { sendRoutes } from './routes/send.js';
import { webhookRoutes } from './routes/webhooks.js';
import { NAMED_SCHEMAS } from './schemas/index.js';
import { createSerializerBuilder } from './serializer-builder.js';
import { answerSocketError } from './socket-errors.js';
import { validatorCompiler } from './validation.js';

export interface HttpServerDeps {
  usecases: GatewayUseCases;
  /** Takes uploads; the same one that the use cases use. */
  media: MediaFetcher;
  auditor: HttpAuditor;
  logger: FastifyBaseLogger;
  version: string;
  clock: Clock;
  random: Random;
  /** At least 32 random bytes, the same on every node: signs links to QR pages, which are for minutes. */
  linkSecret: Uint8Array;
  /** How browsers reach the gateway, such as https://whatsapp.example.com; taken from each request where it is not set. */
  publicUrl?: string | undefined;
  limits?: Partial<HttpLimits> | undefined;
  access?: AccessLimits | undefined;
  /** Told of each request. */
  metrics?: Pick<Metrics, 'requestAnswered'> | undefined;
  /** Records each request. */
  tracer?: Tracer | undefined;
}

/** How callers are told apart, and how much each may ask for. */
export interface AccessLimits {
  /** Calls of each key; null: any number. */
  rateLimitPerMinute: number | null;
  /** Addresses of proxies, or networks of them, that say truly whom they speak for. */
  trustProxy: string[];
}

const MAX_HEADER_BYTES = 16 * 1024;

/** The gateway's HTTP side, complete but not listening: call `listen`, and `close` when done. */
export function createHttpServer(deps: HttpServerDeps): App {
  const { usecases, media, auditor, logger, version, clock, random, publicUrl, access = { rateLimitPerMinute: null, trustProxy: [] } } = deps;
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const signer = createLinkSigner(deps.linkSecret);

  const app: App = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.jsonBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: limits.idleTimeoutMs,
    http: {
      headersTimeout: limits.headersTimeoutMs,
      // Node looks so often whether a time is over.
      connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs / 2),
      // All headers together, the request line among them; more is 431.
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    requestIdHeader: false,
    trustProxy: access.trustProxy.length > 0 ? access.trustProxy : false,
    genReqId: request => requestId(request.headers['x-request-id']) ?? random.uuid(),
    forceCloseConnections: 'idle',
    // The readiness plugin does, in the form of every other problem.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    schemaController: { compilersFactory: { buildSerializer: createSerializerBuilder() } },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerSocketError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema);
  app.register(requestLogPlugin);
  if (deps.tracer) app.register(requestTracePlugin, { tracer: deps.tracer });
  if (deps.metrics) app.register(requestMetricsPlugin, { metrics: deps.metrics });
  app.register(securityHeadersPlugin);
  app.register(problemsPlugin);
  app.register(overloadPlugin, { maxEventLoopDelayMs: limits.maxEventLoopDelayMs, clock });
  app.register(authPlugin, { usecases, signer, clock });
  app.register(auditPlugin, { auditor });
  app.register(rateLimitPlugin, { perMinute: access.rateLimitPerMinute });
  app.register(authorizationPlugin);
  app.register(readinessPlugin, { usecases });
  app.register(bodiesPlugin);
  app.register(openapiPlugin, { version });
  app.register(async (scope: App) => {
    healthRoutes(scope, { usecases, version });
    metricsRoute(scope, { usecases });
    instanceRoutes(scope, { usecases });
    connectionRoutes(scope, { usecases });
    backupRoutes(scope, { usecases });
    qrRoutes(scope, { usecases, signer, clock, publicUrl });
    sessionRoutes(scope, { usecases });
    sendRoutes(scope, { usecases });
    sendBulkRoute(scope, { usecases, limits });
    messageRoutes(scope, { usecases });
    deadLetterRoutes(scope, { usecases });
    webhookRoutes(scope, { usecases });
    deliveryRoutes(scope, { usecases });
    keyRoutes(scope, { usecases });
    auditRoute(scope, { usecases });
    encryptionRoutes(scope, { usecases });
  });
  app.register(async (scope: App) => {
    await scope.register(formsPlugin);
    sendMediaRoutes(scope, { usecases, media, limits });
  });
  return app;
}

/** A caller's own id is kept where it is harmless in logs and headers. */
function requestId(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && /^[\w.:-]{1,64}$/.test(header) ? header : null;
}
