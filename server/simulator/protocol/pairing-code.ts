import { randomBytes } from 'node:crypto';
import {
  aesDecryptCTR, aesDecryptGCM, aesEncryptCTR, Curve, derivePairingCodeKey, getBinaryNodeChild, hkdf, type BinaryNode, type KeyPair,
} from '@whiskeysockets/baileys';
import type { Account } from '../accounts/account.js';
import type { LinkedDevice } from '../accounts/linked-device.js';
import { unixSeconds } from '../clock.js';
import { ControlError } from '../errors.js';
import { parseUserJid } from '../jids.js';
import type { Network } from '../network.js';
import { bytesOf, iqError, iqResult, node, SERVER } from '../nodes.js';
import type { Connection } from './connection.js';
import type { Linking } from './linking.js';
import type { Registration, Registrations } from './registration.js';

const TAG = 'link_code_companion_reg';
const BUNDLE_INFO = 'link_code_pairing_key_bundle_encryption_key';
/** How long a client may take to finish after the code was entered. */
const FINISH_MS = 20_000;
/** A client shows its code before its request has arrived: so long a fast typist waits for it. */
const HELLO_MS = 3000;

/** Linking by an eight-character code that the client shows and the phone's owner types in. */
export interface PairingCodes {
  /** The client's two requests, `companion_hello` and `companion_finish`. */
  handle(connection: Connection, request: BinaryNode): void;
  /**
   * The owner types the code.
   * @throws ControlError 404 `no_pairing_request`, 422 `wrong_pairing_code`, 409 `pairing_failed`
   */
  enter(account: Account, code: string): Promise<LinkedDevice>;
  abandon(connection: Connection): void;
}

interface Hello {
  registration: Registration;
  wrappedEphemeral: Buffer;
  ref: Buffer;
  entered?: { account: Account; ephemeral: KeyPair; companionEphemeral: Buffer; resolve(secret: Buffer): void; reject(error: Error): void };
}

export function createPairingCodes(network: Network, registrations: Registrations, linking: Linking): PairingCodes {
  const hellos = new Map<string, Hello>();
  const awaited = new Map<string, Set<() => void>>();

  const helloOf = async (number: string): Promise<Hello | undefined> => {
    if (hellos.has(number)) return hellos.get(number);
    const waiters = awaited.get(number) ?? new Set();
    awaited.set(number, waiters);
    await new Promise<void>((resolve) => {
      const cancel = network.timers.after(HELLO_MS, resolve);
      waiters.add(() => {
        cancel();
        resolve();
      });
    });
    return hellos.get(number);
  };

  const hello = (connection: Connection, request: BinaryNode, content: BinaryNode) => {
    const number = parseUserJid(content.attrs['jid'])?.number;
    const wrappedEphemeral = bytesOf(getBinaryNodeChild(content, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    const registration = registrations.of(connection);
    if (!number || wrappedEphemeral?.length !== 80 || !registration) return connection.send(iqError(request, 400, 'bad-request'));
    const ref = randomBytes(16);
    hellos.set(number, { registration, wrappedEphemeral, ref });
    for (const tell of awaited.get(number) ?? []) tell();
    awaited.delete(number);
    connection.send(iqResult(request, [node(TAG, { stage: 'companion_hello' }, [node('link_code_pairing_ref', {}, ref)])]));
  };

  const finish = (connection: Connection, request: BinaryNode, content: BinaryNode) => {
    const pending = hellos.get(parseUserJid(content.attrs['jid'])?.number ?? '');
    const entered = pending?.registration.connection === connection ? pending.entered : undefined;
    const bundle = bytesOf(getBinaryNodeChild(content, 'link_code_pairing_wrapped_key_bundle'));
    if (!pending || !entered || !bundle) return connection.send(iqError(request, 404, 'item-not-found'));
    try {
      const secret = openBundle(bundle, entered, pending.registration.identityKey);
      connection.send(iqResult(request));
      entered.resolve(secret);
    } catch {
      connection.send(iqError(request, 400, 'bad-request'));
      entered.reject(new ControlError(422, 'wrong_pairing_code', 'This is not the code that the client shows.'));
    }
  };

  return {
    handle(connection, request) {
      const content = getBinaryNodeChild(request, TAG);
      if (content?.attrs['stage'] === 'companion_hello') hello(connection, request, content);
      else if (content?.attrs['stage'] === 'companion_finish') finish(connection, request, content);
      else connection.send(iqError(request, 400, 'bad-request'));
    },
    async enter(account, code) {
      const pending = await helloOf(account.number);
      if (!pending) throw new ControlError(404, 'no_pairing_request', `No connected client asks for a pairing code for ${account.number}.`);
      if (pending.entered) throw new ControlError(409, 'pairing_failed', 'A code is being checked already.');
      const plainCode = code.replace(/[\s-]/g, '').toUpperCase();
      const { wrappedEphemeral, registration, ref } = pending;
      const ephemeral = Curve.generateKeyPair();
      const clientKey = await derivePairingCodeKey(plainCode, wrappedEphemeral.subarray(0, 32));
      const companionEphemeral = aesDecryptCTR(wrappedEphemeral.subarray(48), clientKey, wrappedEphemeral.subarray(32, 48));
      const salt = randomBytes(32);
      const iv = randomBytes(16);
      const wrapped = Buffer.concat([salt, iv, aesEncryptCTR(ephemeral.public, await derivePairingCodeKey(plainCode, salt), iv)]);

      let cancel = () => {};
      const secret = new Promise<Buffer>((resolve, reject) => {
        pending.entered = { account, ephemeral, companionEphemeral, resolve, reject };
        cancel = network.timers.after(FINISH_MS, () => reject(new ControlError(409, 'pairing_failed', 'The client did not finish the pairing.')));
      });
      const attrs = { from: SERVER, type: TAG, id: `pairing-code-${network.clock.now()}`, t: unixSeconds(network.clock) };
      registration.connection.send(
        node('notification', attrs, [
          node(TAG, { stage: 'primary_hello' }, [
            node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
            node('primary_identity_pub', {}, account.endpoint.identity.public),
            node('link_code_pairing_ref', {}, ref),
          ]),
        ]),
      );
      try {
        return await linking.link(account, registration, await secret);
      } finally {
        cancel();
        delete pending.entered;
      }
    },
    abandon(connection) {
      for (const [number, pending] of hellos) {
        if (pending.registration.connection !== connection) continue;
        pending.entered?.reject(new ControlError(409, 'pairing_failed', 'The client closed the connection before it was paired.'));
        hellos.delete(number);
      }
    },
  };
}

/** Opens the client's key bundle and derives the secret that both sides share. Throws if the code was another. */
function openBundle(bundle: Buffer, { account, ephemeral, companionEphemeral }: NonNullable<Hello['entered']>, identityKey: Buffer): Buffer {
  const shared = Curve.sharedKey(ephemeral.private, companionEphemeral);
  const key = hkdf(shared, 32, { salt: bundle.subarray(0, 32), info: BUNDLE_INFO });
  const opened = aesDecryptGCM(bundle.subarray(44), Buffer.from(key), bundle.subarray(32, 44), Buffer.alloc(0));
  if (!opened.subarray(0, 32).equals(identityKey)) throw new Error('bundle of another client');
  const identityShared = Curve.sharedKey(account.endpoint.identity.private, identityKey);
  return Buffer.from(hkdf(Buffer.concat([shared, identityShared, opened.subarray(64)]), 32, { info: 'adv_secret' }));
}
