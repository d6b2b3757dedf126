import { Type } from 'typebox';
import { INSTANCE_STATUSES } from '../../domain/instances/instance.js';
import { CLEAN_UP_OUTCOMES, CLEAN_UP_STEPS } from '../../usecases/gateway.js';
import { orNull, Ref, Time, Words } from './common.js';

const closed = { additionalProperties: false } as const;

export const ForceCleanUp = orNull(Type.Object({
  wipeCredentials: Type.Optional(Type.Boolean({ description: 'Whether good credentials are deleted, too: connecting again needs a new scan then. They stay unless told.' })),
}, { ...closed, examples: [{ wipeCredentials: false }] }));

export const ForceCleanedUp = Type.Object({
  instanceId: Type.String(),
  steps: Type.Array(Type.Object({
    step: Words(CLEAN_UP_STEPS, { description: 'What was looked after.' }),
    outcome: Words(CLEAN_UP_OUTCOMES, { description: 'nothing: there was nothing to release. failed: the other steps were tried all the same.' }),
    message: Type.Optional(Type.String({ description: 'More about it, in words.' })),
  })),
}, { description: 'Each step, and what it came to.' });

export const SessionSchema = Type.Object({
  instanceId: Type.String(),
  name: Type.String(),
  status: Words(INSTANCE_STATUSES, { description: 'State of the connection to WhatsApp.' }),
  reason: Type.String({ description: 'Why it is so: a stable code.' }),
  message: Type.String({ description: 'The reason as a sentence that says what to do.' }),
  since: Time('Since when it is in this status.'),
  pendingSince: Type.Optional(Time('Since when a pairing is open that nobody has finished.')),
  phoneNumber: Type.Optional(Type.String({ description: 'The linked account\'s phone number, digits only.' })),
  lastSeen: Type.Optional(Time('When WhatsApp was heard from last.')),
}, { $id: 'Session', description: 'What the gateway holds for the connection of an instance.' });

export const SessionList = Type.Object({
  sessions: Type.Array(Ref(SessionSchema), { description: 'All of them: connected, on their way, waiting for a scan, or ended and not released yet.' }),
  pendingSessions: Type.Array(Ref(SessionSchema), { description: 'Those of them that wait for a scan.' }),
  pendingCount: Type.Integer({ description: 'How many wait for a scan.' }),
}, { description: 'The sessions that the gateway holds, on all nodes.' });

export const CleanedUpSessions = Type.Object({
  cleaned: Type.Array(Type.String(), { description: 'Ids of the instances that were cleaned up.' }),
  count: Type.Integer({ description: 'How many.' }),
  unansweredNodes: Type.Optional(Type.Integer({ description: 'In a cluster: nodes that did not answer, and may have cleaned up or not. Missing where all did.' })),
}, { description: 'What was cleaned up.' });
