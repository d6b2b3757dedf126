import { Type } from 'typebox';
import { INSTANCE_STATUSES } from '../../domain/instances/instance.js';
import { Ref, Time, Words, InstanceId } from './common.js';

const closed = { additionalProperties: false } as const;
const Interval = (description: string) => Type.Integer({ minimum: 0, maximum: 3_600_000, description });
// PostgreSQL keeps no NUL.
const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000]+$', description: 'A name for people, up to 100 characters.' });
const Reason = Type.String({ description: 'Why the instance is in this state: a stable code.', examples: ['connected'] });
const Sentence = Type.String({ description: 'The reason as a sentence that says what to do.' });
const Status = Words(INSTANCE_STATUSES, { description: 'State of the connection to WhatsApp.' });
const StatusAt = Time('When that state was noted or confirmed last. Of a connection that is held or made, it is confirmed every few seconds.');
const PhoneNumber = Type.String({ description: 'The linked account\'s phone number, digits only.', examples: ['15550001111'] });

const SettingsPatch = Type.Object({
  sendIntervalMs: Type.Optional(Interval('Gap between two asynchronous sends, in milliseconds.')),
  recipientIntervalMs: Type.Optional(Interval('Gap between two asynchronous sends to one recipient, in milliseconds.')),
}, { ...closed, description: 'Settings; what is left out keeps its value.' });

export const CreateInstance = Type.Object({
  instanceId: InstanceId,
  name: Type.Optional(Name),
  settings: Type.Optional(SettingsPatch),
}, { ...closed, examples: [{ instanceId: 'sales', name: 'Sales team' }] });

export const UpdateInstance = Type.Object({
  name: Type.Optional(Name),
  settings: Type.Optional(SettingsPatch),
}, { ...closed, minProperties: 1, examples: [{ name: 'Sales team, north', settings: { sendIntervalMs: 1000 } }] });

export const ListInstancesQuery = Type.Object({
  includeDeleted: Type.Optional(Type.Boolean({ description: 'Whether to list deleted instances, too.' })),
}, closed);

export const DeleteInstanceQuery = Type.Object({
  purge: Type.Optional(Type.Boolean({ description: 'Delete it for good; this cannot be undone.' })),
}, closed);

export const InstanceSchema = Type.Object({
  instanceId: Type.String(),
  name: Type.String(),
  status: Status,
  reason: Reason,
  message: Sentence,
  statusAt: StatusAt,
  phoneNumber: Type.Optional(PhoneNumber),
  lid: Type.Optional(Type.String({ description: 'The account\'s LID.' })),
  hasQR: Type.Boolean({ description: 'Whether a QR code can be scanned right now.' }),
  qrAt: Type.Optional(Time('When that QR code was made.')),
  connectedAt: Type.Optional(Time('Since when, or when last, the instance was connected.')),
  lastSeen: Type.Optional(Time('When WhatsApp was heard from last.')),
  active: Type.Boolean({ description: 'Whether the instance is meant to be connected: it then comes back by itself after a restart.' }),
  settings: Type.Object({ sendIntervalMs: Type.Integer(), recipientIntervalMs: Type.Integer() }),
  createdAt: Time('When the instance was made.'),
  updatedAt: Time('When its row changed last.'),
  deletedAt: Type.Optional(Time('When it was deleted; it can be restored.')),
}, { $id: 'Instance', description: 'A WhatsApp account as the gateway knows it.' });

export const InstanceList = Type.Object({ instances: Type.Array(Ref(InstanceSchema)) }, { description: 'Instances by creation.' });

export const ConnectResultSchema = Type.Object({
  status: Status,
  reason: Reason,
  message: Sentence,
  hasQR: Type.Boolean(),
  qr: Type.Optional(Type.String({ description: 'The text of the QR code.' })),
  qrDataUrl: Type.Optional(Type.String({ description: 'The QR code as a PNG in a data: URL.' })),
  expiresAt: Type.Optional(Time('When WhatsApp replaces this QR code.')),
}, { $id: 'ConnectResult', description: 'Where connecting has got to.' });

export const InstanceStatusSchema = Type.Object({
  instanceId: Type.String(),
  status: Status,
  reason: Reason,
  message: Sentence,
  statusAt: StatusAt,
  phoneNumber: Type.Optional(PhoneNumber),
  connectedAt: Type.Optional(Time('Since when, or when last, the instance was connected.')),
  lastSeen: Type.Optional(Time('When WhatsApp was heard from last.')),
  queue: Type.Object({
    queued: Type.Integer({ description: 'Messages that wait to be sent.' }),
    sending: Type.Integer({ description: 'Messages on their way, without WhatsApp\'s acknowledgement.' }),
    deadLetters: Type.Integer({ description: 'Messages that failed for good and were not discarded.' }),
  }, { description: 'What waits in the send queue.' }),
}, { description: 'State of the connection, and what waits to be sent.' });

export const QrSchema = Type.Object({
  qr: Type.String({ description: 'The text of the QR code.' }),
  qrDataUrl: Type.String({ description: 'The QR code as a PNG in a data: URL.' }),
  expiresAt: Time('When WhatsApp replaces this QR code.'),
});

export const QrQuery = Type.Object({
  expires: Type.Optional(Type.Integer({ minimum: 0, description: 'Of a signed link: when it expires, in epoch milliseconds.' })),
  signature: Type.Optional(Type.String({ maxLength: 128, description: 'Of a signed link.' })),
}, closed);

export const QrLinkSchema = Type.Object({
  url: Type.String({ description: 'Address of the QR page; it needs no key.' }),
  expiresAt: Time('Until when it works.'),
}, { description: 'A signed address' });

export const PairingCodeRequest = Type.Object({
  phoneNumber: Type.String({ minLength: 7, maxLength: 32, description: 'The phone\'s own number with country code, in any usual spelling.' }),
}, { ...closed, examples: [{ phoneNumber: '+1 555 000 1111' }] });

export const PairingCodeSchema = Type.Object({
  code: Type.String({ description: 'To be typed on the phone under Linked devices.', examples: ['ABCD-1234'] }),
  expiresAt: Time('When the code stops working.'),
}, { description: 'A pairing code' });
