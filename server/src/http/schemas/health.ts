import { Type } from 'typebox';
import { BREAKER_STATES } from '../../usecases/webhooks/receiver-breaker.js';
import { Words } from './common.js';

export const HealthSchema = Type.Object({
  status: Words(['ok', 'unavailable'] as const, { description: 'Whether the gateway takes work.' }),
  version: Type.String({ description: 'Version of the gateway.' }),
  activeSessions: Type.Integer({ description: 'Instances that are connected.' }),
  pendingCount: Type.Integer({ description: 'Instances on their way to being connected.' }),
  circuitBreaker: Type.Object({ state: Words(BREAKER_STATES) }, { description: 'The worst of all webhooks\' circuit breakers.' }),
}, { description: 'The gateway is alive.' });

export const ReadySchema = Type.Object({ ready: Type.Boolean() }, { description: 'The gateway takes work.' });
