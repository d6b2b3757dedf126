import type { GatewayUseCases } from '../gateway.js';
import { createConnectInstance } from './connect-instance.js';
import type { SessionUseCaseDeps } from './deps.js';
import { createDisconnectInstance } from './disconnect-instance.js';
import { createGetQr } from './get-qr.js';
import { createLogoutInstance } from './logout-instance.js';
import { createRequestPairingCode } from './request-pairing-code.js';

export type SessionUseCases = Pick<GatewayUseCases,
  'connectInstance' | 'restartInstance' | 'disconnectInstance' | 'logoutInstance' | 'getQr' | 'requestPairingCode'>;

/** All verbs of connections, for the composition root. */
export function createSessionUseCases(deps: SessionUseCaseDeps): SessionUseCases {
  const connect = createConnectInstance(deps);
  return {
    connectInstance: instanceId => connect(instanceId),
    restartInstance: instanceId => connect(instanceId, { fresh: true }),
    disconnectInstance: createDisconnectInstance(deps),
    logoutInstance: createLogoutInstance(deps),
    getQr: createGetQr(deps),
    requestPairingCode: createRequestPairingCode(deps, connect),
  };
}
