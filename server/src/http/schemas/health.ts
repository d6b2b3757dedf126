import { Type } from 'typebox';
import { PART_STATUSES } from '../../usecases/observe/health-of-parts.js';
import { BREAKER_STATES } from '../../usecases/webhooks/receiver-breaker.js';
import { Words } from './common.js';

const HealthPartSchema = Type.Object({
  status: Words(PART_STATUSES, { description: 'degraded: it works, but somebody should look.' }),
  message: Type.String({ description: 'A sentence for a person.' }),
}, { additionalProperties: true, description: 'Figures of a part, beside what is said here, are for people and may change.' });

export const HealthSchema = Type.Object({
  status: Words(['ok', 'unavailable'] as const, { description: 'Whether the gateway takes work.' }),
  version: Type.String({ description: 'Version of the gateway.' }),
  activeSessions: Type.Integer({ description: 'Instances that are connected.' }),
  pendingCount: Type.Integer({ description: 'Instances on their way to being connected.' }),
  uptimeSeconds: Type.Optional(Type.Integer({ description: 'Since this node was started. Only with a key that may do everything.' })),
  parts: Type.Optional(Type.Record(Type.String(), HealthPartSchema, {
    description: 'How each part of this node does: store, redis, queue, sessions, webhooks, eventLoop, memory, disk, cluster; those that there are. Only with a key that may do everything.',
  })),
  circuitBreaker: Type.Object({ state: Words(BREAKER_STATES) }, { description: 'The worst of all webhooks\' circuit breakers.' }),
}, { description: 'The gateway is alive.' });

export const ReadySchema = Type.Object({ ready: Type.Boolean() }, { description: 'The gateway takes work.' });
