import { Type, type Static, type TSchema } from 'typebox';
import { SCOPES } from '../../domain/access/scopes.js';
import { Id, InstanceId, Ref, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;

export const KeyParams = Type.Object({ keyId: Id('Id of the key.') }, closed);

const Name = Type.String({ pattern: '^[^\\x00-\\x1f\\x7f]{1,100}$', description: 'Whose key it is, for the audit log.' });
const Scopes = Type.Array(Words(SCOPES), { minItems: 1, uniqueItems: true, description: 'What it permits; admin permits everything.' });
const Instances = orNull('array', Type.Array(InstanceId, { minItems: 1, maxItems: 1_000, uniqueItems: true, description: 'The instances that it is bound to: the others do not exist for it. They need not exist yet. null, or left out: all.' }));
const RateLimit = orNull('integer', Type.Integer({ minimum: 1, maximum: 10_000_000, description: 'Calls a minute. null, or left out: what the gateway is configured to allow every key.' }));

export const CreateKey = Type.Object({ name: Name, scopes: Scopes, instances: Type.Optional(Instances), rateLimitPerMinute: Type.Optional(RateLimit) }, {
  ...closed, examples: [{ name: 'n8n', scopes: ['instances:read', 'messages:send', 'messages:read', 'webhooks:write'], instances: ['demo'] }],
});

export const UpdateKey = Type.Object({
  name: Type.Optional(Name), scopes: Type.Optional(Scopes), instances: Type.Optional(Instances), rateLimitPerMinute: Type.Optional(RateLimit),
}, { ...closed, minProperties: 1, examples: [{ scopes: ['messages:send'] }] });

const key = {
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(Words(SCOPES)),
  instances: Type.Optional(Type.Array(Type.String(), { description: 'The instances that it is bound to. Missing where it is bound to none.' })),
  rateLimitPerMinute: Type.Optional(Type.Integer({ description: 'Calls a minute, where it has a limit of its own.' })),
  createdAt: Time('When it was made.'),
  lastUsedAt: Type.Optional(Time('When it was used last; some minutes old at most.')),
  revokedAt: Type.Optional(Time('When it was revoked: it has not worked since.')),
};

export const KeySchema = Type.Object(key, { $id: 'ApiKey', description: 'An API key, without what its holder sends.' });
export const CreatedKey = Type.Object({ ...key, key: Type.String({ description: 'What its holder sends. It is in this answer and in no other.' }) }, { $id: 'CreatedApiKey', description: 'A new API key.' });
export const KeyList = Type.Object({ keys: Type.Array(Ref(KeySchema)) }, { description: 'By creation.' });

function orNull<T extends TSchema>(type: string, schema: T) {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [type, 'null'] });
}
