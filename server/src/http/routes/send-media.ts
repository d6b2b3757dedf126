import type { Static } from 'typebox';
import { DomainError } from '../../domain/errors.js';
import { MEDIA_KINDS, type MediaKind } from '../../domain/messages/content.js';
import type { MediaFetcher } from '../../ports/media-fetcher.js';
import type { GatewayUseCases, MediaSource, SendAnswer, SendRequest } from '../../usecases/gateway.js';
import type { App, HttpLimits } from '../http-app.js';
import { requireHttpUrl } from '../http-url.js';
import { withMediaForm } from '../media-form.js';
import { InstanceParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { SendHeaders, SendMediaFields, SendMediaForm, SendMediaJson, SendQuery } from '../schemas/send.js';
import { sendOrQueue, type SendTimes } from '../send-options.js';
import { compileCheck } from '../validation.js';
import { viewSend } from '../views/message.js';
import { SEND_ANSWERS, SEND_PROBLEMS } from './send.js';

export interface SendMediaDeps { usecases: GatewayUseCases; media: MediaFetcher; limits: HttpLimits }

/** Media messages: from an address, as base64 in JSON, or as an upload. */
export function sendMediaRoutes(app: App, deps: SendMediaDeps): void {
  for (const kind of MEDIA_KINDS) sendMediaRoute(app, kind, deps);
}

const checkFields = compileCheck(SendMediaFields, 'form');

function sendMediaRoute(app: App, kind: MediaKind, { usecases, media, limits }: SendMediaDeps): void {
  app.post(`/instances/:instanceId/messages/${kind}`, {
    config: { scope: 'messages:send', audit: 'message.send' },
    // Base64 takes four bytes for three.
    bodyLimit: Math.ceil(limits.mediaBytes / 3) * 4 + limits.jsonBodyBytes,
    schema: {
      summary: `Send ${kind === 'document' ? 'a document' : kind === 'video' ? 'a video' : `an ${kind}`}`,
      operationId: `send${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
      tags: ['Messages'],
      description: `The ${kind} by url, as base64, or as the part \`file\` of a form. Answers 201 when WhatsApp has acknowledged the message; with X-Async: true or ?async=true 202 as soon as it is on disk, and a url is fetched when the message goes out. Media may have up to ${limits.mediaBytes} bytes.`,
      params: InstanceParams, querystring: SendQuery, headers: SendHeaders,
      body: { content: { 'application/json': { schema: SendMediaJson(kind) }, 'multipart/form-data': { schema: SendMediaForm } } },
      response: { ...SEND_ANSWERS, ...problems(...SEND_PROBLEMS, 'media_fetch_failed', 'address_not_allowed', 'media_too_large', 'media_unavailable') },
    },
  }, async (request, reply) => {
    const { instanceId } = request.params;
    const send = (message: SendRequest, times: SendTimes) => sendOrQueue(usecases, request, instanceId, message, times);
    const answer = request.isMultipart()
      ? await withMediaForm(request, media, async ({ fields, file }) => {
        const failure = checkFields(fields);
        if (failure) throw failure;
        const { voice, scheduledAt, expiresAt, ...rest } = fields as Static<typeof SendMediaFields>;
        const named = { ...file, mimetype: rest.mimetype ?? file.mimetype, fileName: rest.fileName ?? file.fileName };
        return send(mediaRequest(kind, { ...rest, voice: voice === undefined ? undefined : voice === 'true' }, { kind: 'file', file: named }), { scheduledAt, expiresAt });
      })
      : await sendJson(kind, request.body as SendMediaJson | undefined, send);
    const { code, body } = viewSend(answer);
    return reply.code(code).send(body);
  });
}

function sendJson(kind: MediaKind, body: SendMediaJson | undefined, send: (message: SendRequest, times: SendTimes) => Promise<SendAnswer>): Promise<SendAnswer> {
  const { scheduledAt, expiresAt, ...message } = body ?? {};
  return send(mediaFromJson(kind, body === undefined ? undefined : message as SendMediaJson), { scheduledAt, expiresAt });
}

/** @throws DomainError `validation_failed` */
export function mediaFromJson(kind: MediaKind, body: SendMediaJson | undefined): SendRequest {
  if (body === undefined) throw new DomainError('validation_failed', 'The body is missing.', { hint: 'Send JSON, or a form with a part named file.' });
  const { url, base64, ...rest } = body;
  if (url !== undefined && base64 !== undefined) throw new DomainError('validation_failed', 'Give either url or base64, not both.', { field: 'base64' });
  if (url !== undefined) {
    requireHttpUrl(url, 'url');
    return mediaRequest(kind, rest, { kind: 'url', url });
  }
  if (base64 === undefined) throw new DomainError('validation_failed', 'The media is missing: give url or base64, or upload a form with a part named file.', { field: 'url' });
  return mediaRequest(kind, rest, { kind: 'base64', base64 });
}

interface MediaFields { to: string; quotedMessageId?: string; mimetype?: string; fileName?: string; caption?: string; voice?: boolean | undefined }

/** @throws DomainError `validation_failed` where WhatsApp would drop what was asked for */
function mediaRequest(kind: MediaKind, fields: MediaFields, source: MediaSource): SendRequest {
  if (fields.voice && kind !== 'audio') throw new DomainError('validation_failed', 'voice is only possible for audio.', { field: 'voice' });
  if (fields.caption && kind === 'audio') throw new DomainError('validation_failed', 'WhatsApp shows no caption with audio.', { field: 'caption', hint: 'Send a text beside it.' });
  return { type: kind, ...fields, source };
}
