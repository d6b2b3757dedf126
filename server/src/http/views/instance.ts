import type { Static } from 'typebox';
import { describeReason } from '../../domain/instances/reasons.js';
import type { ConnectResult, InstanceView } from '../../usecases/gateway.js';
import type { ConnectResultSchema, InstanceSchema, InstanceStatusSchema } from '../schemas/instance.js';
import { qrDataUrl } from './qr.js';
import { iso, maybeIso } from './time.js';

/** An instance as callers see it; its live state wins over its row. */
export function viewInstance(view: InstanceView): Static<typeof InstanceSchema> {
  const { live } = view;
  const qrAt = live ? live.qr?.madeAt : view.qr === null ? null : view.qrAt;
  return {
    ...viewStatus(view),
    name: view.name,
    ...(view.lid === null ? {} : { lid: view.lid }),
    hasQR: live ? live.qr !== null : view.qr !== null,
    ...maybeIso('qrAt', qrAt),
    active: view.active,
    settings: view.settings,
    createdAt: iso(view.createdAt),
    updatedAt: iso(view.updatedAt),
    ...maybeIso('deletedAt', view.deletedAt),
  };
}

export function viewStatus(view: InstanceView): Omit<Static<typeof InstanceStatusSchema>, 'queue'> {
  const { live } = view;
  const reason = live?.reason ?? view.reason;
  const phoneNumber = live?.phoneNumber ?? view.phoneNumber;
  return {
    instanceId: view.instanceId,
    status: live?.status ?? view.status,
    reason,
    message: describeReason(reason),
    statusAt: iso(view.statusAt),
    ...(phoneNumber === null ? {} : { phoneNumber }),
    ...maybeIso('connectedAt', live?.connectedAt ?? view.connectedAt),
    ...maybeIso('lastSeen', live?.lastSeen ?? view.lastSeen),
  };
}

export async function viewConnectResult(result: ConnectResult): Promise<Static<typeof ConnectResultSchema>> {
  const { status, reason, hasQR, qr } = result;
  return {
    status,
    reason,
    message: describeReason(reason),
    hasQR,
    ...(qr ? { qr: qr.text, qrDataUrl: await qrDataUrl(qr.text), expiresAt: iso(qr.expiresAt) } : {}),
  };
}
