import Fastify, { LogController, type FastifyBaseLogger } from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Clock, Random } from '../ports/clock.js';
import type { MediaFetcher } from '../ports/media-fetcher.js';
import type { GatewayUseCases } from '../usecases/gateway.js';
import { DEFAULT_LIMITS, type App, type HttpLimits } from './http-app.js';
import { createLinkSigner } from './link-signer.js';
import { authPlugin } from './plugins/auth.js';
import { bodiesPlugin } from './plugins/bodies.js';
import { formsPlugin } from './plugins/forms.js';
import { openapiPlugin } from './plugins/openapi.js';
import { overloadPlugin } from './plugins/overload.js';
import { problemsPlugin, sendProblem } from './plugins/problems.js';
import { readinessPlugin } from './plugins/readiness.js';
import { requestLogPlugin } from './plugins/request-log.js';
import { securityHeadersPlugin } from './plugins/security-headers.js';
import { connectionRoutes } from './routes/connection.js';
import { deadLetterRoutes } from './routes/dead-letters.js';
import { deliveryRoutes } from './routes/deliveries.js';
import { healthRoutes } from './routes/health.js';
import { instanceRoutes } from './routes/instances.js';
import { messageRoutes } from './routes/messages.js';
import { qrRoutes } from './routes/qr.js';
import { sendBulkRoute } from './routes/send-bulk.js';
import { sendMediaRoutes } from './routes/send-media.js';
import { sendRoutes } from './routes/send.js';
import { webhookRoutes } from './routes/webhooks.js';
import { NAMED_SCHEMAS } from './schemas/index.js';
import { answerSocketError } from './socket-errors.js';
import { validatorCompiler } from './validation.js';

export interface HttpServerDeps {
  usecases: GatewayUseCases;
  /** Takes uploads; the same one that the use cases use. */
  media: MediaFetcher;
  logger: FastifyBaseLogger;
  version: string;
  clock: Clock;
  random: Random;
  /** How browsers reach the gateway, such as https://whatsapp.example.com; taken from each request where it is not set. */
  publicUrl?: string | undefined;
  limits?: Partial<HttpLimits> | undefined;
}

/** The gateway's HTTP side, complete but not listening: call `listen`, and `close` when done. */
export function createHttpServer(deps: HttpServerDeps): App {
  const { usecases, media, logger, version, clock, random, publicUrl } = deps;
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  // Links to QR pages are for minutes: what signs them need not outlive the process.
  const signer = createLinkSigner(random.bytes(32));

  const app: App = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.jsonBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    requestIdHeader: false,
    genReqId: request => requestId(request.headers['x-request-id']) ?? random.uuid(),
    forceCloseConnections: 'idle',
    // The readiness plugin does, in the form of every other problem.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256, ignoreTrailingSlash: true },
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: answerSocketError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  for (const schema of NAMED_SCHEMAS) app.addSchema(schema);
  app.register(requestLogPlugin);
  app.register(securityHeadersPlugin);
  app.register(problemsPlugin);
  app.register(overloadPlugin, { maxEventLoopDelayMs: limits.maxEventLoopDelayMs, clock });
  app.register(authPlugin, { usecases, signer, clock });
  app.register(readinessPlugin, { usecases });
  app.register(bodiesPlugin);
  app.register(openapiPlugin, { version });
  app.register(async (scope: App) => {
    healthRoutes(scope, { usecases, version });
    instanceRoutes(scope, { usecases });
    connectionRoutes(scope, { usecases });
    qrRoutes(scope, { usecases, signer, clock, publicUrl });
    sendRoutes(scope, { usecases });
    sendBulkRoute(scope, { usecases, limits });
    messageRoutes(scope, { usecases });
    deadLetterRoutes(scope, { usecases });
    webhookRoutes(scope, { usecases });
    deliveryRoutes(scope, { usecases });
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
