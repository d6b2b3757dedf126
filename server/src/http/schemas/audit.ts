import { Type } from 'typebox';
import { InstanceId, Ref, Time, Words } from './common.js';

export const ListAuditQuery = Type.Object({
  instanceId: Type.Optional(InstanceId),
  actor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only what the key with this id did; gateway for what the gateway did by itself.' })),
  action: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only this action, such as instance.connect.' })),
  outcome: Type.Optional(Words(['ok', 'failed'] as const, { description: 'Only what was done, or only what was refused or failed.' })),
  since: Type.Optional(Time('Only entries of that time or later: ISO 8601, with a zone.')),
  until: Type.Optional(Time('Only entries from before that time.')),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many, 1 to 200; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'The page after another: its `next`, unchanged. Missing for the latest.' })),
}, { additionalProperties: false });

export const AuditEntrySchema = Type.Object({
  at: Time('When it was done.'),
  actor: Type.Object({ id: Type.String({ description: 'Id of the key; gateway, environment (CHASQUI_API_KEY), or unknown.' }), name: Type.String() }, { description: 'Who did it.' }),
  action: Type.String({ description: 'What was done, such as instance.connect.', examples: ['instance.connect'] }),
  instanceId: Type.Optional(Type.String()),
  outcome: Type.String({ description: 'ok, or the code of the problem that it was answered with.' }),
  detail: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'What else it concerned, such as the id of a key or a webhook. Never a secret, never the text of a message.' })),
  requestId: Type.Optional(Type.String({ description: 'Names the request in the log.' })),
}, { $id: 'AuditEntry', description: 'Something that was done, or tried.' });

export const AuditList = Type.Object({
  entries: Type.Array(Ref(AuditEntrySchema)),
  next: Type.Optional(Type.String({ description: 'Give this as `cursor` for the entries before these; missing at the end.' })),
}, { description: 'Entries, latest first.' });
