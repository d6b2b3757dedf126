import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { describeReason } from '../../domain/instances/reasons.js';
import type { GatewayUseCases, SessionSummary } from '../../usecases/gateway.js';
import type { App } from '../http-app.js';
import { InstanceParams } from '../schemas/common.js';
import { problems } from '../schemas/problem.js';
import { CleanedUpSessions, ForceCleanedUp, ForceCleanUp, SessionList, type SessionSchema } from '../schemas/session.js';
import { iso, maybeIso } from '../views/time.js';

const tags = ['Sessions'];

type Deps = { usecases: Pick<GatewayUseCases, 'listSessions' | 'cleanUpSessions' | 'forceCleanUp'> };

/** What the gateway holds for connections, and how to have it cleaned up. Keys that are bound to instances see and clean their own. */
export function sessionRoutes(app: App, { usecases }: Deps): void {
  app.get('/sessions', {
    config: { scope: 'instances:read', servesBoundKeys: true },
    schema: {
      summary: 'List sessions', operationId: 'listSessions', tags,
      description: 'What the gateway holds for connections on all its nodes, and which of it waits for a scan.',
      response: { 200: SessionList, ...problems() },
    },
  }, async request => {
    const sessions = (await usecases.listSessions({ wanted: boundTo(request) })).map(session => ({ view: viewSession(session), pending: session.pendingSince !== null }));
    const pendingSessions = sessions.filter(({ pending }) => pending).map(({ view }) => view);
    return { sessions: sessions.map(({ view }) => view), pendingSessions, pendingCount: pendingSessions.length };
  });

  const cleanUp = async (request: FastifyRequest, kind: 'pending' | 'inactive') => {
    const { instanceIds, unansweredNodes } = await usecases.cleanUpSessions(kind, { wanted: boundTo(request) });
    request.auditNote = { detail: { count: instanceIds.length, instances: instanceIds.slice(0, 100), ...(unansweredNodes > 0 ? { unansweredNodes } : {}) } };
    return { cleaned: instanceIds, count: instanceIds.length, ...(unansweredNodes > 0 ? { unansweredNodes } : {}) };
  };

  app.post('/cleanup-pending-sessions', {
    config: { scope: 'cleanup', audit: 'sessions.cleanup_pending', servesBoundKeys: true },
    schema: {
      summary: 'Give open pairings up', operationId: 'cleanUpPendingSessions', tags,
      description: 'Ends every pairing that nobody has scanned yet, without waiting for its time to be over: socket, QR code and half-made credentials are released. Connect shows a fresh code.',
      response: { 200: CleanedUpSessions, ...problems() },
    },
  }, async request => cleanUp(request, 'pending'));

  app.post('/cleanup-inactive-sessions', {
    config: { scope: 'cleanup', audit: 'sessions.cleanup_inactive', servesBoundKeys: true },
    schema: {
      summary: 'Release inactive sessions', operationId: 'cleanUpInactiveSessions', tags,
      description: 'Releases what is kept in memory of instances that were disconnected, logged out or expired. One that comes back by itself is left alone; credentials, messages and whatever is queued stay.',
      response: { 200: CleanedUpSessions, ...problems() },
    },
  }, async request => cleanUp(request, 'inactive'));

  app.post('/instances/:instanceId/force-cleanup', {
    config: { scope: 'cleanup', audit: 'instance.force_cleanup' },
    schema: {
      summary: 'Clean an instance up by force', operationId: 'forceCleanUp', tags,
      description: 'Releases everything of the connection, whatever it hangs in, and tells each step; each is tried even if another fails. The instance is disconnected afterwards, and not active. Queued messages stay queued, and good credentials stay unless wipeCredentials is true.',
      params: InstanceParams, body: ForceCleanUp,
      response: { 200: ForceCleanedUp, ...problems('validation_failed', 'instance_not_found', 'unsupported_media_type', 'payload_too_large') },
    },
  }, async request => {
    const { instanceId } = request.params;
    const wipeCredentials = request.body?.wipeCredentials ?? false;
    request.auditNote = { detail: { wipeCredentials } };
    const steps = await usecases.forceCleanUp(instanceId, { wipeCredentials });
    request.auditNote = { detail: { wipeCredentials, ...Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome])) } };
    return { instanceId, steps };
  });
}

/** The instances that the caller's key is bound to; undefined: all. */
function boundTo({ principal }: FastifyRequest): readonly string[] | undefined {
  return principal?.instances ?? undefined;
}

function viewSession({ instanceId, name, status, reason, since, pendingSince, phoneNumber, lastSeen }: SessionSummary): Static<typeof SessionSchema> {
  return {
    instanceId, name, status, reason, message: describeReason(reason), since: iso(since),
    ...maybeIso('pendingSince', pendingSince),
    ...(phoneNumber === null ? {} : { phoneNumber }),
    ...maybeIso('lastSeen', lastSeen),
  };
}
