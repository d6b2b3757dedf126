import { negotiate } from '@fastify/accept-negotiator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain/errors.js';
import type { InstanceStatus } from '../../domain/instances/instance.js';
import type { Clock } from '../../ports/clock.js';
import type { GatewayUseCases } from '../../usecases/gateway.js';
import { toDomainError } from '../framework-errors.js';
import type { App } from '../http-app.js';
import type { LinkSigner } from '../link-signer.js';
import { QR_PAGE_CSP, renderErrorPage, renderQrPage } from '../pages/qr-page.js';
import { sendProblem } from '../plugins/problems.js';
import { statusOf } from '../problem.js';
import { InstanceParams } from '../schemas/common.js';
import { QrLinkSchema, QrQuery, QrSchema } from '../schemas/instance.js';
import { problems } from '../schemas/problem.js';
import { viewStatus } from '../views/instance.js';
import { qrDataUrl, qrPng, qrSvg } from '../views/qr.js';
import { iso } from '../views/time.js';

const LINK_LIFETIME_MS = 5 * 60_000;
const TYPES = ['application/json', 'text/html', 'image/png', 'image/svg+xml'] as const;
type QrType = (typeof TYPES)[number];

export interface QrDeps {
  usecases: GatewayUseCases;
  signer: LinkSigner;
  clock: Clock;
  /** How browsers reach the gateway; taken from the request where it is not set. */
  publicUrl?: string | undefined;
}

/** The QR code in four shapes, and signed links to its page. */
export function qrRoutes(app: App, { usecases, signer, clock, publicUrl }: QrDeps): void {
  const png = Type.Unsafe<Buffer>({ type: 'string', format: 'binary' });
  const text = Type.Unsafe<string>({ type: 'string' });

  app.get('/instances/:instanceId/qr', {
    config: { access: 'key-or-link', scope: 'instances:read' },
    schema: {
      summary: 'Get the QR code', operationId: 'getQr', tags: ['Connection'],
      description: 'As JSON, PNG, SVG, or as a page that keeps itself fresh, by the Accept header. Where there is none the page says why; the others answer 409.',
      params: InstanceParams, querystring: QrQuery,
      response: {
        200: { description: 'The QR code', content: { 'application/json': { schema: QrSchema }, 'text/html': { schema: text }, 'image/png': { schema: png }, 'image/svg+xml': { schema: text } } },
        ...problems('validation_failed', 'instance_not_found', 'qr_not_available'),
      },
    },
    // A person in front of a browser gets a sentence rather than a document.
    errorHandler: (error, request, reply) => wanted(request) === 'text/html' ? sendErrorPage(error, request, reply) : sendProblem(error, request, reply),
  }, async (request, reply) => {
    const { instanceId } = request.params;
    const type = wanted(request);
    reply.header('vary', 'accept');
    if (type === 'text/html') return sendPage(instanceId, reply);
    const { text, expiresAt } = await usecases.getQr(instanceId);
    if (type === 'image/png') return reply.type(type).send(await qrPng(text));
    // Bytes, because a schema of the answer would have a string encoded as JSON.
    if (type === 'image/svg+xml') return reply.type(type).send(Buffer.from(await qrSvg(text)));
    return reply.type('application/json').send({ qr: text, qrDataUrl: await qrDataUrl(text), expiresAt: iso(expiresAt) });
  });

  app.post('/instances/:instanceId/qr-link', {
    config: { scope: 'instances:write', audit: 'instance.create_qr_link' },
    schema: {
      summary: 'Make a link to the QR page', operationId: 'createQrLink', tags: ['Connection'],
      description: 'A signed address of the QR page of this one instance, for a browser or a person without a key. It works for five minutes.',
      params: InstanceParams, response: { 200: QrLinkSchema, ...problems('validation_failed', 'instance_not_found') },
    },
  }, async request => {
    const { instanceId } = await usecases.getInstance(request.params.instanceId);
    const expiresAt = clock.now() + LINK_LIFETIME_MS;
    const origin = (publicUrl ?? `${request.protocol}://${request.host}`).replace(/\/$/, '');
    return { url: `${origin}/instances/${instanceId}/qr?expires=${expiresAt}&signature=${signer.sign(instanceId, expiresAt)}`, expiresAt: iso(expiresAt) };
  });

  async function sendPage(instanceId: string, reply: FastifyReply): Promise<FastifyReply> {
    const view = await usecases.getInstance(instanceId);
    const status = viewStatus(view);
    try {
      const { text, expiresAt } = await usecases.getQr(instanceId);
      const secondsLeft = Math.max(0, Math.round((expiresAt - clock.now()) / 1000));
      return sendHtml(reply, renderQrPage({ name: view.name, status, qr: { svg: await qrSvg(text), secondsLeft } }));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'qr_not_available') throw error;
      // Whoever has no code knows the state best; what was shown of it before may be a moment older.
      const { instanceStatus = status.status } = error.details;
      const now = { ...status, status: instanceStatus as InstanceStatus, message: error.hint ?? status.message };
      return sendHtml(reply, renderQrPage({ name: view.name, status: now, qr: null }));
    }
  }
}

function wanted(request: FastifyRequest): QrType {
  const accept = request.headers.accept;
  return accept === undefined ? 'application/json' : (negotiate(accept, [...TYPES]) as QrType | null) ?? 'application/json';
}

function sendErrorPage(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = toDomainError(error);
  if (statusOf(failure) >= 500) return sendProblem(failure, request, reply);
  return sendHtml(reply.code(statusOf(failure)), renderErrorPage(failure.message));
}

function sendHtml(reply: FastifyReply, page: string): FastifyReply {
  return reply.header('content-security-policy', QR_PAGE_CSP).type('text/html; charset=utf-8').send(Buffer.from(page));
}
