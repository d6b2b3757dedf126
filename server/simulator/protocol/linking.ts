import { randomBytes } from 'node:crypto';
import {
  Curve, getBinaryNodeChild, hmacSign, proto, WA_ADV_ACCOUNT_SIG_PREFIX, WA_ADV_DEVICE_SIG_PREFIX, type BinaryNode,
} from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { ControlError } from '../errors.js';
import { userJid } from '../jids.js';
import type { Network } from '../network.js';
import { bytesOf, node, SERVER } from '../nodes.js';
import { isSignatureGood } from '../signal/keys.js';
import type { Connection } from './connection.js';
import type { DeviceLists } from './device-lists.js';
import type { Registration } from './registration.js';

/** How long a client may take to answer `pair-success`. */
const ANSWER_MS = 20_000;

export interface Linking {
  /**
   * Links the client to the account: sends `pair-success`, checks the device signature that comes back, and tells the
   * client to come again (515).
   * @param advSecret the secret that client and phone share, from the QR code or the pairing code
   * @throws ControlError 409 `pairing_failed` if the client goes away, does not answer or signs wrongly
   */
  link(account: Account, registration: Registration, advSecret: Buffer): Promise<LinkedDevice>;
  /** Takes the client's iq answers; true if this was one that it waited for. */
  answer(connection: Connection, stanza: BinaryNode): boolean;
  /** Fails what waits for this connection. */
  abandon(connection: Connection): void;
}

interface Waiting {
  id: string;
  finish(stanza: BinaryNode): void;
  fail(reason: string): void;
}

export function createLinking(network: Network, deviceLists: DeviceLists): Linking {
  const waiting = new Map<Connection, Waiting>();
  let requests = 0;

  const awaitAnswer = (connection: Connection, id: string) =>
    new Promise<BinaryNode>((resolve, reject) => {
      const settle = () => {
        cancel();
        waiting.delete(connection);
      };
      const fail = (reason: string) => {
        settle();
        reject(new ControlError(409, 'pairing_failed', reason));
      };
      const cancel = network.timers.after(ANSWER_MS, () => fail('The client did not answer the pairing.'));
      const finish = (stanza: BinaryNode) => {
        settle();
        resolve(stanza);
      };
      waiting.set(connection, { id, finish, fail });
    });

  return {
    async link(account, registration, advSecret) {
      const { connection, identityKey } = registration;
      if (waiting.has(connection)) throw new ControlError(409, 'pairing_failed', 'This client is being paired already.');
      const deviceId = account.nextDeviceId();
      const accountKey = account.endpoint.identity.public;
      const timestamp = Math.floor(network.clock.now() / 1000);
      const details = proto.ADVDeviceIdentity.encode({ rawId: randomBytes(4).readUInt32BE(), timestamp, keyIndex: deviceId }).finish();
      const signed = proto.ADVSignedDeviceIdentity.encode({
        details,
        accountSignatureKey: accountKey,
        accountSignature: Curve.sign(account.endpoint.identity.private, Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, identityKey])),
      }).finish();
      const sealed = proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac: hmacSign(signed, advSecret) }).finish();

      const id = `pair-success-${++requests}`;
      const answer = awaitAnswer(connection, id);
      connection.send(
        node('iq', { from: SERVER, type: 'set', id, xmlns: 'md', t: timestamp.toString() }, [
          node('pair-success', {}, [
            node('device-identity', {}, sealed),
            node('biz', { name: account.name }),
            node('device', { jid: userJid(account.number, 's.whatsapp.net', deviceId), lid: userJid(account.number, 'lid', deviceId) }),
            node('platform', { name: 'simulator' }),
          ]),
        ]),
      );
      const reply = getBinaryNodeChild(getBinaryNodeChild(await answer, 'pair-device-sign'), 'device-identity');
      const signature = proto.ADVSignedDeviceIdentity.decode(bytesOf(reply) ?? Buffer.alloc(0)).deviceSignature;
      const signedBytes = Buffer.concat([WA_ADV_DEVICE_SIG_PREFIX, details, identityKey, accountKey]);
      if (!signature || !isSignatureGood(identityKey, signedBytes, signature)) {
        connection.end();
        throw new ControlError(409, 'pairing_failed', 'The client signed the pairing wrongly.');
      }
      const device = createDevice(account, deviceId, registration, network.clock.now());
      account.devices.set(deviceId, device);
      network.stats.pairings += 1;
      network.log.add({ event: 'paired', socket: connection.id, phone: account.number, device: deviceId });
      deviceLists.changed(account, 'add', device);
      connection.end(node('stream:error', { code: '515' }));
      return device;
    },
    answer(connection, stanza) {
      const wait = waiting.get(connection);
      if (!wait || wait.id !== stanza.attrs['id']) return false;
      if (stanza.attrs['type'] === 'result') wait.finish(stanza);
      else wait.fail('The client refused the pairing.');
      return true;
    },
    abandon(connection) {
      waiting.get(connection)?.fail('The client closed the connection before it was paired.');
    },
  };
}

function createDevice(account: Account, id: number, registration: Registration, linkedAt: number): LinkedDevice {
  const { noiseKey, identityKey, registrationId, signedPreKey } = registration;
  return {
    account, id, keyIndex: id, noiseKey, identityKey, registrationId, signedPreKey, linkedAt,
    preKeys: [], toldLow: false, pending: new Map(), active: false, bootstrapped: false, linked: true,
  };
}
