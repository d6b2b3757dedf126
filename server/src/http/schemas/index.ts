import { BackupSchema } from './backup.js';
import { ConnectResultSchema, InstanceSchema } from './instance.js';
import { AuditEntrySchema } from './audit.js';
import { CreatedKey, KeySchema } from './key.js';
import { MessageSchema } from './message.js';
import { ProblemSchema } from './problem.js';
import { BulkItemSchema } from './bulk.js';
import { SessionSchema } from './session.js';
import { QueuedMessageSchema, SentMessageSchema } from './send.js';
import { CreatedWebhook, DeliverySchema, WebhookSchema } from './webhook.js';

/** Schemas with a name of their own: `components.schemas` of the OpenAPI document. */
export const NAMED_SCHEMAS = [
  ProblemSchema, InstanceSchema, ConnectResultSchema, SessionSchema, SentMessageSchema, QueuedMessageSchema, BulkItemSchema, MessageSchema, WebhookSchema, CreatedWebhook, DeliverySchema, BackupSchema,
  KeySchema, CreatedKey, AuditEntrySchema,
];
