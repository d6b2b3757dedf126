import { Type, type Static, type TObject, type TSchema, type TUnsafe } from 'typebox';
import { INSTANCE_ID_PATTERN } from '../../domain/instances/instance.js';

/** One of several words. */
export function Words<const T extends readonly string[]>(words: T, options: { description?: string } = {}): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], ...options });
}

/** A reference to a schema that the server has registered under its `$id` (schemas/index.ts). */
export function Ref<T extends TSchema & { $id?: string }>(schema: T): TUnsafe<Static<T>> {
  return Type.Unsafe<Static<T>>({ $ref: `${(schema as { $id: string }).$id}#` });
}

/** The object, or null; as a body: or none. */
export function orNull<T extends TObject>(schema: T): TUnsafe<Static<T> | null> {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: ['object', 'null'] });
}

/** A time in ISO 8601, UTC. */
export const Time = (description: string) => Type.String({ description, examples: ['2025-06-01T12:00:00.000Z'] });

const InstanceId = Type.String({
  pattern: INSTANCE_ID_PATTERN,
  description: 'Id of the instance: 1 to 64 letters, digits, "_" or "-".',
  examples: ['demo'],
});
const MessageId = Type.String({
  pattern: '^[A-Za-z0-9._:-]{1,128}$',
  description: 'WhatsApp\'s id of the message.',
  examples: ['3EB0A9C1D2E3F4A5B6C7'],
});
const Id = (description: string) => Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description });

const closed = { additionalProperties: false } as const;
export const InstanceParams = Type.Object({ instanceId: InstanceId }, closed);
export const MessageParams = Type.Object({ instanceId: InstanceId, messageId: MessageId }, closed);
export const WebhookParams = Type.Object({ instanceId: InstanceId, webhookId: Id('Id of the webhook.') }, closed);
export const DeliveryParams = Type.Object({ instanceId: InstanceId, webhookId: Id('Id of the webhook.'), deliveryId: Id('Id of the delivery.') }, closed);
export { Id, InstanceId, MessageId };
