import { Curve, generateRegistrationId, generateSignalPubKey, signedKeyPair, type KeyPair } from '@whiskeysockets/baileys';
import { ProtocolAddress, SessionBuilder, SessionRecord, type SignalStorage } from 'libsignal';
import { ContainedCipher } from './contained-cipher.js';
import type { PreKeyBundle } from './keys.js';
import { createSenderKeys, type SenderKeys } from './sender-keys.js';

/** One-time pre-keys kept for sessions that others have not started yet; the oldest go first. */
const MAX_OPEN_PRE_KEYS = 1000;

/** The other side of a session: a device of a number. */
export interface Peer {
  number: string;
  device: number;
}

export type CipherType = 'pkmsg' | 'msg';

/** A simulated device's end of the Signal protocol: identity, pre-keys, sessions, and sender keys for groups. */
export interface SignalEndpoint {
  readonly identity: KeyPair;
  readonly registrationId: number;
  readonly senderKeys: SenderKeys;
  /** A bundle with a one-time pre-key of its own. */
  createBundle(): PreKeyBundle;
  hasSession(peer: Peer): boolean;
  /** Starts a new session with a peer's bundle; it replaces the open one. */
  startSession(peer: Peer, bundle: PreKeyBundle): Promise<void>;
  encrypt(peer: Peer, plaintext: Uint8Array): Promise<{ type: CipherType; ciphertext: Buffer }>;
  /** Throws when it cannot; the session is left as it was. */
  decrypt(peer: Peer, type: CipherType, ciphertext: Uint8Array): Promise<Buffer>;
}

type StoredSession = ReturnType<SessionRecord['serialize']>;

/** @param owner the number that owns it; keeps libsignal's process-wide job queues of different endpoints apart */
export function createSignalEndpoint(owner: string): SignalEndpoint {
  const identity = Curve.generateKeyPair();
  const registrationId = generateRegistrationId();
  const signedPreKey = signedKeyPair(identity, 1);
  const preKeys = new Map<number, KeyPair>();
  const sessions = new Map<string, StoredSession>();
  let nextPreKeyId = 1;

  const storage: SignalStorage = {
    // Records are kept serialised: an attempt that fails half-way must leave no trace.
    loadSession: async (id) => {
      const stored = sessions.get(id);
      return stored ? SessionRecord.deserialize(stored) : null;
    },
    storeSession: async (id, session) => {
      sessions.set(id, session.serialize());
    },
    isTrustedIdentity: () => true,
    loadPreKey: async (id) => {
      const pair = preKeys.get(Number(id));
      return pair && libsignalPair(pair);
    },
    removePreKey: (id) => {
      preKeys.delete(id);
    },
    loadSignedPreKey: () => libsignalPair(signedPreKey.keyPair),
    getOurRegistrationId: () => registrationId,
    getOurIdentity: () => ({ privKey: Buffer.from(identity.private), pubKey: Buffer.from(generateSignalPubKey(identity.public)) }),
  };
  const addressOf = (peer: Peer) => new ProtocolAddress(`${owner}-${peer.number}`, peer.device);

  return {
    identity,
    registrationId,
    senderKeys: createSenderKeys(),
    createBundle() {
      const keyId = nextPreKeyId;
      nextPreKeyId = (nextPreKeyId % 0xff_ff_fe) + 1;
      const pair = Curve.generateKeyPair();
      preKeys.set(keyId, pair);
      const oldest = preKeys.keys().next();
      if (preKeys.size > MAX_OPEN_PRE_KEYS && !oldest.done) preKeys.delete(oldest.value);
      return {
        registrationId,
        identityKey: Buffer.from(identity.public),
        signedPreKey: {
          keyId: signedPreKey.keyId,
          publicKey: Buffer.from(signedPreKey.keyPair.public),
          signature: Buffer.from(signedPreKey.signature),
        },
        preKey: { keyId, publicKey: Buffer.from(pair.public) },
      };
    },
    hasSession: (peer) => sessions.has(addressOf(peer).toString()),
    async startSession(peer, bundle) {
      const session = {
        registrationId: bundle.registrationId,
        identityKey: generateSignalPubKey(bundle.identityKey),
        signedPreKey: { ...bundle.signedPreKey, publicKey: generateSignalPubKey(bundle.signedPreKey.publicKey) },
        ...(bundle.preKey && { preKey: { keyId: bundle.preKey.keyId, publicKey: generateSignalPubKey(bundle.preKey.publicKey) } }),
      };
      // libsignal takes a bundle without a one-time pre-key; its types say that it must have one.
      await new SessionBuilder(storage, addressOf(peer)).initOutgoing(session as Parameters<SessionBuilder['initOutgoing']>[0]);
    },
    async encrypt(peer, plaintext) {
      const { type, body } = await new ContainedCipher(storage, addressOf(peer)).encrypt(Buffer.from(plaintext));
      return { type: type === 3 ? 'pkmsg' : 'msg', ciphertext: Buffer.from(body, 'binary') };
    },
    async decrypt(peer, type, ciphertext) {
      const cipher = new ContainedCipher(storage, addressOf(peer));
      const bytes = Buffer.from(ciphertext);
      return type === 'pkmsg' ? cipher.decryptPreKeyWhisperMessage(bytes) : cipher.decryptWhisperMessage(bytes);
    },
  };
}

interface LibsignalPair {
  privKey: Buffer;
  pubKey: Buffer;
}

function libsignalPair(pair: KeyPair): LibsignalPair {
  return { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) };
}
