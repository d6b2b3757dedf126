import type { LinkedDevice } from '../accounts/linked-device.js';
import { ControlError } from '../errors.js';
import { isStanding, type Fault, type FaultRequest } from '../faults.js';
import { normaliseNumber } from '../jids.js';
import type { Network } from '../network.js';
import { node } from '../nodes.js';
import { replacedStanza } from '../protocol/connection.js';

export interface FaultControl {
  /**
   * Sets a fault, or carries it out where it acts at once; answers how many devices that met.
   * @throws ControlError 400 `invalid_fault`
   */
  add(request: FaultRequest): { fault: Fault; met: number };
  list(): Fault[];
  /** Removes all faults: mute connections hear and speak again, and what was held back is delivered. */
  clear(): void;
}

export interface FaultControlDeps {
  network: Network;
  /** Unlinks a device and logs its client out. */
  remove(device: LinkedDevice): void;
  /** Delivers what `reorder` holds back. */
  release(): void;
}

export function createFaultControl({ network, remove, release }: FaultControlDeps): FaultControl {
  const devicesOf = (phone: string | undefined): LinkedDevice[] => {
    const accounts = phone === undefined ? network.directory.phones() : [network.directory.get(phone)];
    return accounts.flatMap((account) => [...account.devices.values()]);
  };

  const act = (request: FaultRequest): number => {
    const linked = devicesOf(request.phone);
    const candidates = request.kind === 'logged-out' ? linked : linked.filter((device) => device.connection);
    const chosen = candidates.slice(0, request.count ?? candidates.length);
    for (const device of chosen) {
      if (request.kind === 'close') device.connection?.terminate();
      else if (request.kind === 'replaced') device.connection?.end(replacedStanza());
      else if (request.kind === 'stream-error') device.connection?.end(node('stream:error', { code: (request.code ?? 503).toString() }));
      else remove(device);
    }
    return chosen.length;
  };

  const mute = (phone: string | undefined): number => {
    let met = 0;
    for (const connection of network.connections) {
      const number = connection.device?.account.number;
      if (connection.muted || (phone !== undefined && number !== phone)) continue;
      if (!network.faults.take('mute', number)) break;
      connection.muted = true;
      met += 1;
    }
    return met;
  };

  return {
    add(request) {
      const phone = request.phone === undefined ? undefined : normaliseNumber(request.phone);
      const checked = { ...request, phone };
      check(checked);
      const fault = network.faults.add(checked);
      network.log.add({ event: 'fault', socket: 0, ...(phone && { phone }), detail: request.kind });
      if (!isStanding(request.kind)) return { fault, met: act(checked) };
      return { fault, met: request.kind === 'mute' ? mute(phone) : 0 };
    },
    list: () => network.faults.list(),
    clear() {
      network.faults.clear();
      release();
      for (const connection of network.connections) connection.muted = false;
    },
  };
}

function check({ kind, phone, code, ms }: FaultRequest): void {
  const refuse = (message: string) => {
    throw new ControlError(400, 'invalid_fault', message);
  };
  if (kind === 'ack-error' && code === undefined) refuse('ack-error needs a code, such as 463.');
  if ((kind === 'delay-ack' || kind === 'slow-media') && ms === undefined) refuse(`${kind} needs ms, the delay in milliseconds.`);
  if ((kind === 'refuse-upgrade' || kind === 'hold-upgrade') && phone !== undefined) refuse(`${kind} cannot be for one phone: before the upgrade nobody knows whose client it is.`);
}
