import { DomainError } from '../../domain/errors.js';
import { describeReason } from '../../domain/instances/reasons.js';
import type { GatewayUseCases } from '../gateway.js';
import type { SessionUseCaseDeps } from './deps.js';

/** The QR that is on show now. There is none without a live socket behind it (requirement B3). */
export function createGetQr({ find, sessions, clock }: SessionUseCaseDeps): GatewayUseCases['getQr'] {
  return async instanceId => {
    const { qr, connection } = sessions.of(await find(instanceId)).view();
    if (qr && qr.expiresAt > clock.now()) return { text: qr.text, expiresAt: qr.expiresAt };
    const { status, reason } = connection;
    throw new DomainError('qr_not_available', `There is no QR code: the instance is ${status}.`, {
      hint: describeReason(reason), details: { instanceStatus: status, reason },
    });
  };
}
