import { DomainError } from '../../domain/errors.js';
import { describeReason } from '../../domain/instances/reasons.js';
import { parseRecipient } from '../../domain/messages/recipient.js';
import type { Clock } from '../../ports/clock.js';
import type { InstanceRepository } from '../../ports/repositories.js';
import type { GatewayUseCases } from '../gateway.js';
import type { InstanceLookup } from '../instances/find-instance.js';
import type { createConnectInstance } from './connect-instance.js';
import type { SessionManager } from './session-manager.js';

/** A pairing code lives as long as the socket shows QR codes for it; WhatsApp accepts it for about three minutes. */
const PAIRING_CODE_LIFETIME_MS = 120_000;
const QR_WAIT_MS = 4_000;

export interface ControlSessionsParts {
  find: InstanceLookup;
  instances: Pick<InstanceRepository, 'update'>;
  sessions: SessionManager;
  connect: ReturnType<typeof createConnectInstance>;
  getInstance: GatewayUseCases['getInstance'];
  clock: Clock;
}

type ControlSessions = Pick<GatewayUseCases, 'restartInstance' | 'disconnectInstance' | 'logoutInstance' | 'getQr' | 'requestPairingCode'>;

/** What a user does to a connection besides connecting. */
export function createControlSessions({ find, instances, sessions, connect, getInstance, clock }: ControlSessionsParts): ControlSessions {
  return {
    restartInstance: instanceId => connect(instanceId, { fresh: true }),
    async disconnectInstance(instanceId) {
      const instance = await find(instanceId);
      await instances.update(instanceId, { active: false }, clock.now());
      await sessions.of(instance).dispatch({ type: 'disconnect', reason: 'disconnected_by_user' });
      await sessions.settled();
      return getInstance(instanceId);
    },
    async logoutInstance(instanceId) {
      const instance = await find(instanceId);
      const session = sessions.of(instance);
      await instances.update(instanceId, { active: false }, clock.now());
      // The session goes in any case: the user wants this device gone, also when WhatsApp cannot be told.
      await session.socket?.logout().catch(() => {});
      await session.dispatch({ type: 'unlinked' });
      await sessions.settled();
      return getInstance(instanceId);
    },
    async getQr(instanceId) {
      const instance = await find(instanceId);
      const view = sessions.of(instance).view();
      if (view.qr && view.qr.expiresAt > clock.now()) return { text: view.qr.text, expiresAt: view.qr.expiresAt };
      const { status, reason } = view.connection;
      throw new DomainError('qr_not_available', `There is no QR code: the instance is ${status}.`, {
        hint: describeReason(reason), details: { status, reason },
      });
    },
    async requestPairingCode(instanceId, phoneNumber) {
      const recipient = parseRecipient(phoneNumber, 'phoneNumber');
      if (recipient.kind !== 'number') {
        throw new DomainError('recipient_invalid', 'A pairing code needs a phone number.', { field: 'phoneNumber', hint: 'Give the number of the phone itself, with its country code.' });
      }
      const instance = await find(instanceId);
      const session = sessions.of(instance);
      if (session.socket) {
        throw new DomainError('already_connected', 'This instance is connected already.', { hint: 'Log it out first to link another phone.' });
      }
      if (!session.pairingSocket) {
        await connect(instanceId);
        await session.waitFor(view => view.qr !== null || view.connection.status === 'CONNECTED', QR_WAIT_MS);
      }
      const socket = session.pairingSocket;
      if (!socket) {
        const { status, reason } = session.view().connection;
        throw new DomainError(status === 'CONNECTED' ? 'already_connected' : 'pairing_failed', `A pairing code cannot be had: the instance is ${status}.`, { hint: describeReason(reason) });
      }
      return { code: await socket.requestPairingCode(recipient.digits), expiresAt: clock.now() + PAIRING_CODE_LIFETIME_MS };
    },
  };
}
