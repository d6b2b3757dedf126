import { ConnectResultSchema, InstanceSchema } from './instance.js';
import { MessageSchema } from './message.js';
import { ProblemSchema } from './problem.js';
import { BulkItemSchema } from './bulk.js';
import { QueuedMessageSchema, SentMessageSchema } from './send.js';
import { CreatedWebhook, DeliverySchema, WebhookSchema } from './webhook.js';

/** Schemas with a name of their own: `components.schemas` of the OpenAPI document. */
export const NAMED_SCHEMAS = [
  ProblemSchema, InstanceSchema, ConnectResultSchema, SentMessageSchema, QueuedMessageSchema, BulkItemSchema, MessageSchema, WebhookSchema, CreatedWebhook, DeliverySchema,
];
