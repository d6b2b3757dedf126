import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { userJid } from '../jids.js';
import type { Network } from '../network.js';
import type { ClientIdentity } from '../noise/handshake.js';
import { node } from '../nodes.js';
import { replacedStanza, type Connection } from './connection.js';

const LOGGED_OUT = 401;
const UNAVAILABLE = 503;

/**
 * Logs a linked device in: the noise key must be the one it was paired with, else `failure` 401. An older connection of
 * the same device is told that it was replaced.
 */
export function logIn(connection: Connection, { noiseKey, payload }: ClientIdentity, network: Network): void {
  const number = payload.username?.toString() ?? '';
  const account = network.directory.peek(number);
  const device = account?.devices.get(payload.device ?? 0);

  const refuse = (reason: number) => {
    network.log.add({ event: 'login-refused', socket: connection.id, phone: number, detail: reason.toString() });
    connection.end(node('failure', { reason: reason.toString(), location: 'simulator' }));
  };
  if (!account || !device?.noiseKey.equals(noiseKey)) return refuse(LOGGED_OUT);
  const fault = network.faults.take('refuse-login', number);
  if (fault) return refuse(fault.code ?? UNAVAILABLE);

  const older = device.connection;
  attach(device, connection);
  if (older) older.end(replacedStanza());
  if (network.faults.take('mute', number)) connection.muted = true;

  network.stats.logins += 1;
  network.log.add({ event: 'login', socket: connection.id, phone: number, device: device.id });
  connection.send(
    node('success', { t: unixSeconds(network.clock), lid: userJid(number, 'lid', device.id), display_name: account.name, location: 'simulator' }),
  );
}

/** Forgets the connection of a device, unless a newer one took its place. */
export function detach(connection: Connection): void {
  const { device } = connection;
  if (!device || device.connection !== connection) return;
  device.connection = undefined;
  device.active = false;
}

function attach(device: LinkedDevice, connection: Connection): void {
  device.connection = connection;
  device.active = false;
  connection.device = device;
}
