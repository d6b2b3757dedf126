import { Type, type Static } from 'typebox';
import type { MediaKind } from '../../domain/messages/content.js';
import { MESSAGE_STATES } from '../../domain/messages/message.js';
import { MessageId, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;

const To = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'Phone number with country code in any usual spelling, a JID, or a LID.',
  examples: ['+1 555 000 2222'],
});
const Moment = (description: string, examples = ['2026-12-24T18:00:00Z']) => Type.String({ format: 'date-time', maxLength: 40, description, examples });
const base = {
  to: To,
  quotedMessageId: Type.Optional(MessageId),
  scheduledAt: Type.Optional(Moment('Asynchronous sends: not before this time (ISO 8601 with a time zone), at most a year ahead.')),
  expiresAt: Type.Optional(Moment('Asynchronous sends: what could not be sent by then fails. 24 hours after it was due unless told.', ['2026-12-25T18:00:00Z'])),
};
const Caption = Type.String({ maxLength: 65_536, description: 'Text below the media.' });
const Mimetype = Type.String({ pattern: '^[\\w.+-]+/[\\w.+-]+(\\s*;.*)?$', maxLength: 200, description: 'MIME type, such as image/png; found out where it is missing.' });
const FileName = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^/\\\\\\u0000-\\u001f]+$', description: 'File name without a path; a document shows it.' });

export const SendText = Type.Object({
  ...base,
  text: Type.String({ minLength: 1, maxLength: 65_536, description: 'The text, 1 to 65,536 characters.' }),
  mentions: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 1024, description: 'Who is mentioned: phone numbers or JIDs, each also in the text as @number.' })),
}, { ...closed, examples: [{ to: '+1 555 000 2222', text: 'Your order is on its way.' }] });

export const SendLocation = Type.Object({
  ...base,
  latitude: Type.Number({ minimum: -90, maximum: 90, description: 'Degrees, -90 to 90.' }),
  longitude: Type.Number({ minimum: -180, maximum: 180, description: 'Degrees, -180 to 180.' }),
  name: Type.Optional(Type.String({ maxLength: 1000, description: 'Name of the place.' })),
  address: Type.Optional(Type.String({ maxLength: 1000, description: 'Its address.' })),
}, { ...closed, examples: [{ to: '+1 555 000 2222', latitude: -13.5167, longitude: -71.9781, name: 'Cusco' }] });

const media = {
  mimetype: Type.Optional(Mimetype),
  fileName: Type.Optional(FileName),
  caption: Type.Optional(Caption),
};

const sendMediaJson = {
  ...base,
  url: Type.Optional(Type.String({ minLength: 1, maxLength: 8192, description: 'Address of the media, http or https. Exactly one of url and base64.' })),
  base64: Type.Optional(Type.String({ minLength: 1, description: 'The media itself in base64, or a data: URL. Exactly one of url and base64.' })),
  ...media,
  voice: Type.Optional(Type.Boolean({ description: 'Audio only: whether it is shown as a voice note.' })),
};

const EXAMPLES: Record<MediaKind, object> = {
  image: { url: 'https://example.com/map.png', caption: 'The way to us' },
  video: { url: 'https://example.com/tour.mp4', caption: 'A look around' },
  audio: { url: 'https://example.com/greeting.ogg', voice: true },
  document: { url: 'https://example.com/invoice', fileName: 'invoice.pdf', mimetype: 'application/pdf' },
};

/** One shape for all kinds, with an example of its own for each. */
export const SendMediaJson = (kind: MediaKind) =>
  Type.Object(sendMediaJson, { ...closed, examples: [{ to: '+1 555 000 2222', ...EXAMPLES[kind] }] });
export type SendMediaJson = Static<ReturnType<typeof SendMediaJson>>;

/** The text fields of a form, which come beside the part `file`. */
export const SendMediaFields = Type.Object({
  ...base,
  ...media,
  voice: Type.Optional(Type.Unsafe<'true' | 'false'>({ type: 'string', enum: ['true', 'false'], description: 'Audio only: whether it is shown as a voice note.' })),
}, closed);

/** The form as it is described; what is checked is SendMediaFields. */
export const SendMediaForm = Type.Object({
  ...SendMediaFields.properties,
  file: Type.String({ format: 'binary', description: 'The media, as the form\'s only file. Fields may come before and after it.' }),
}, closed);

export const SentMessageSchema = Type.Object({
  messageId: Type.String({ description: 'WhatsApp\'s id of the message.' }),
  correlationId: Type.String({ description: 'The gateway\'s own id; the same in every event about this message.' }),
  status: Type.Unsafe<'sent'>({ type: 'string', enum: ['sent'], description: 'WhatsApp has acknowledged the message.' }),
  to: Type.String({ description: 'The JID that WhatsApp says belongs to the recipient.' }),
  timestamp: Time('When WhatsApp acknowledged it.'),
}, { $id: 'SentMessage', description: 'WhatsApp has acknowledged the message.' });

export const QueuedMessageSchema = Type.Object({
  messageId: Type.String({ description: 'WhatsApp\'s id of the message: every attempt at sending it uses this one.' }),
  correlationId: Type.String({ description: 'The gateway\'s own id; the same in every event about this message.' }),
  queueId: Type.String({ description: 'Id of its place in the send queue.' }),
  status: Words(MESSAGE_STATES, { description: 'queued; or how far it has come, where the request repeats an earlier one.' }),
  scheduledAt: Type.Optional(Time('When it is due, if that was asked for.')),
  expiresAt: Type.Optional(Time('What could not be sent by then fails.')),
}, { $id: 'QueuedMessage', description: 'The message is on disk. What becomes of it is told by message.ack events and by its resource.' });

export const SendQuery = Type.Object({
  async: Type.Optional(Type.Boolean({ description: 'Queue the message and answer 202 at once, as the header X-Async does.' })),
}, closed);

export const SendHeaders = Type.Object({
  'x-async': Type.Optional(Type.String({ description: 'true: queue the message and answer 202 at once, whether the instance is connected or not.', examples: ['true'] })),
  'idempotency-key': Type.Optional(Type.String({ description: 'A key of your own for this message, 1 to 255 visible characters: a repeat within 24 hours gets the answer of the first request and sends nothing.', examples: ['order-4711-shipped'] })),
});
