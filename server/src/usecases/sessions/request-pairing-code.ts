import { DomainError } from '../../domain/errors.js';
import { describeReason } from '../../domain/instances/reasons.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { GatewayUseCases } from '../gateway.js';
import type { createConnectInstance } from './connect-instance.js';
import type { SessionUseCaseDeps } from './deps.js';

const SOCKET_WAIT_MS = 4_000;

/** A code to type on the phone instead of scanning; connects first where no pairing is open. */
export function createRequestPairingCode(
  { find, sessions, clock }: SessionUseCaseDeps,
  connect: ReturnType<typeof createConnectInstance>,
): GatewayUseCases['requestPairingCode'] {
  return async (instanceId, phoneNumber) => {
    const recipient = parseRecipient(phoneNumber, 'phoneNumber');
    if (recipient.kind !== 'number') {
      throw new DomainError('recipient_invalid', 'A pairing code needs a phone number.', {
        field: 'phoneNumber', hint: 'Give the number of the phone itself, with its country code.',
      });
    }
    const session = sessions.of(await find(instanceId));
    if (session.socket) {
      throw new DomainError('already_connected', 'This instance is connected already.', { hint: 'Log it out first to link another phone.' });
    }
    if (!session.pairingSocket) {
      await connect(instanceId);
      await session.waitFor(view => view.qr !== null || view.connection.status === 'CONNECTED', SOCKET_WAIT_MS);
    }
    const { pairingSocket } = session;
    if (!pairingSocket) {
      const { status, reason } = session.view().connection;
      throw new DomainError(status === 'CONNECTED' ? 'already_connected' : 'pairing_failed', `A pairing code cannot be had: the instance is ${status}.`, {
        hint: describeReason(reason), details: { instanceStatus: status, reason },
      });
    }
    // The pairing is given up then, and the code with it.
    const expiresAt = session.pairingEndsAt ?? clock.now();
    return { code: await pairingSocket.requestPairingCode(recipient.digits), expiresAt };
  };
}
