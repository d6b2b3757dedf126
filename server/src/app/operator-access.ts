import { removeOperatorFile, writeOperatorFile } from '../adapters/system/operator-file.js';
import type { Config } from '../config.js';
import type { Random } from '../ports/clock.js';
import type { GatewayUseCases } from '../usecases/gateway.js';
import { createOperatorKey, OPERATOR } from '../usecases/access/operator-key.js';

export interface OperatorAccess {
  /** Takes the operator's key, too. */
  before(authenticate: GatewayUseCases['authenticate']): GatewayUseCases['authenticate'];
  /** Tells the commands on this machine where the gateway listens. */
  announce(url: string): Promise<void>;
  withdraw(): Promise<void>;
}

export interface OperatorAccessOptions {
  config: Pick<Config, 'dataDir' | 'database'>;
  random: Pick<Random, 'bytes'>;
}

/**
 * Lets the commands on this machine in without a key, so that a first key that was lost can be replaced: the data directory holds one for this run of
 * the gateway. A gateway whose data is in a database that others share has no such directory, and no such key.
 */
export function openOperatorAccess({ config, random }: OperatorAccessOptions): OperatorAccess {
  if (config.database) return { before: authenticate => authenticate, announce: () => Promise.resolve(), withdraw: () => Promise.resolve() };
  const { key, isKey } = createOperatorKey(random);
  // Handed over once: what stays in memory is the hash.
  let handedOver: string | null = key;
  return {
    before: authenticate => (...args) => isKey(args[0]) ? Promise.resolve(OPERATOR) : authenticate(...args),
    async announce(url) {
      if (handedOver !== null) await writeOperatorFile(config.dataDir, { url: reachable(url), key: handedOver });
      handedOver = null;
    },
    withdraw: () => removeOperatorFile(config.dataDir),
  };
}

/** A gateway that listens everywhere is reached on this machine. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
