import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { ControlError } from '../errors.js';
import type { Network } from '../network.js';
import type { ClientIdentity } from '../noise/handshake.js';
import { node, SERVER } from '../nodes.js';
import type { SignedPublicPreKey } from '../signal/keys.js';
import type { Connection } from './connection.js';

/** A client that wants to be linked: what it said of itself, and the QR refs it may show. */
export interface Registration {
  readonly connection: Connection;
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  readonly signedPreKey: SignedPublicPreKey;
  /** Each ref with the time at which it runs out. */
  readonly refs: Map<string, number>;
}

export interface RegistrationOptions {
  /** How many QR codes a connection may show. */
  refs: number;
  /** How long the first QR code lives, in ms. */
  firstQrMs: number;
  /** How long each further one lives, in ms. */
  nextQrMs: number;
}

export interface Registrations {
  /** Sends the refs to a client that is not linked. @throws Error if its payload is not a registration */
  open(connection: Connection, client: ClientIdentity): void;
  of(connection: Connection): Registration | undefined;
  /**
   * The registration that shows this QR text.
   * @throws ControlError 400 `invalid_qr`, 404 `unknown_qr` (not open any more), 410 `qr_expired`
   */
  findByQr(qr: string): { registration: Registration; advSecret: Buffer };
  close(connection: Connection): void;
}

/** A client rotates its QR codes by a timer of its own, which may run a little behind. */
const GRACE_MS = 5000;

export function createRegistrations(network: Network, options: RegistrationOptions): Registrations {
  const byConnection = new Map<Connection, Registration>();
  const byRef = new Map<string, Registration>();
  let requests = 0;

  const offer = (connection: Connection, refs: string[]) => {
    const content = refs.map((ref) => node('ref', {}, Buffer.from(ref)));
    connection.send(node('iq', { from: SERVER, type: 'set', id: `pair-${++requests}`, xmlns: 'md' }, [node('pair-device', {}, content)]));
  };

  return {
    open(connection, { noiseKey, payload }) {
      const refs = new Map<string, number>();
      let expires = network.clock.now() + GRACE_MS;
      for (let index = 0; index < options.refs; index += 1) {
        expires += index === 0 ? options.firstQrMs : options.nextQrMs;
        refs.set(`2@${randomBytes(60).toString('base64url')}`, expires);
      }
      const registration: Registration = { connection, noiseKey, ...readPairingData(payload), refs };
      byConnection.set(connection, registration);
      for (const ref of refs.keys()) byRef.set(ref, registration);
      offer(connection, [...refs.keys()]);

      const fault = network.faults.peek('never-scanned', undefined);
      // An offer without refs tells the client that there are no more.
      if (fault?.ms !== undefined) network.timers.after(fault.ms, () => byConnection.has(connection) && offer(connection, []));
    },
    of: (connection) => byConnection.get(connection),
    findByQr(qr) {
      const parts = qr.slice(qr.indexOf('#') + 1).split(',');
      const [ref, noiseKey, identityKey, advSecret] = parts;
      if (!ref || !noiseKey || !identityKey || !advSecret) {
        throw new ControlError(400, 'invalid_qr', 'This is not the text of a WhatsApp pairing QR code.');
      }
      const registration = byRef.get(ref);
      if (!registration) throw new ControlError(404, 'unknown_qr', 'No connected client shows this QR code (any more).');
      if ((registration.refs.get(ref) ?? 0) < network.clock.now()) {
        throw new ControlError(410, 'qr_expired', 'This QR code has run out; scan the one that is shown now.');
      }
      const matches = registration.noiseKey.equals(Buffer.from(noiseKey, 'base64')) && registration.identityKey.equals(Buffer.from(identityKey, 'base64'));
      if (!matches) throw new ControlError(400, 'invalid_qr', 'The keys in this QR code are not those of the client that shows it.');
      return { registration, advSecret: Buffer.from(advSecret, 'base64') };
    },
    close(connection) {
      for (const ref of byConnection.get(connection)?.refs.keys() ?? []) byRef.delete(ref);
      byConnection.delete(connection);
    },
  };
}

function readPairingData(payload: proto.ClientPayload) {
  const data = payload.devicePairingData;
  if (data?.eIdent?.length !== 32 || !data.eRegid || !data.eSkeyId || !data.eSkeyVal || !data.eSkeySig) {
    throw new Error('registration without its keys');
  }
  return {
    identityKey: Buffer.from(data.eIdent),
    registrationId: Buffer.from(data.eRegid).readUIntBE(0, data.eRegid.length),
    signedPreKey: {
      keyId: Buffer.from(data.eSkeyId).readUIntBE(0, data.eSkeyId.length),
      publicKey: Buffer.from(data.eSkeyVal),
      signature: Buffer.from(data.eSkeySig),
    },
  };
}
