import { generateSignalPubKey, getBinaryNodeChild, getBinaryNodeChildren, type BinaryNode } from '@whiskeysockets/baileys';
import { verifySignature } from 'libsignal/src/curve.js';
import { bytesOf, node } from '../nodes.js';

/** A public pre-key; keys are 32 bytes, without the type byte. */
export interface PublicPreKey {
  keyId: number;
  publicKey: Buffer;
}

export interface SignedPublicPreKey extends PublicPreKey {
  signature: Buffer;
}

/** What one device needs to start a Signal session with another. */
export interface PreKeyBundle {
  registrationId: number;
  identityKey: Buffer;
  signedPreKey: SignedPublicPreKey;
  /** The one-time pre-key; missing when they ran out. */
  preKey?: PublicPreKey | undefined;
}

/** Checks an XEdDSA signature. (Baileys' own `Curve.verify` answers true for any well-formed signature.) */
export function isSignatureGood(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifySignature(Buffer.from(generateSignalPubKey(publicKey)), message, signature);
  } catch {
    return false;
  }
}

export function uint(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

/** The children of a key node on the wire: registration, type, identity, skey and key. */
export function bundleNodes(bundle: PreKeyBundle): BinaryNode[] {
  const { signedPreKey, preKey } = bundle;
  const nodes = [
    node('registration', {}, uint(bundle.registrationId, 4)),
    node('type', {}, Buffer.from([5])),
    node('identity', {}, bundle.identityKey),
    node('skey', {}, [...keyNodes(signedPreKey), node('signature', {}, signedPreKey.signature)]),
  ];
  if (preKey) nodes.push(node('key', {}, keyNodes(preKey)));
  return nodes;
}

/** Reads `key` children (id, value) of a node such as the list of an upload. */
export function readPreKeys(list: BinaryNode | undefined): PublicPreKey[] {
  return getBinaryNodeChildren(list, 'key').map(readPreKey).filter((key) => key !== undefined);
}

/** Reads an `skey` node; undefined if a part is missing. */
export function readSignedPreKey(skey: BinaryNode | undefined): SignedPublicPreKey | undefined {
  const key = skey && readPreKey(skey);
  const signature = bytesOf(getBinaryNodeChild(skey, 'signature'));
  return key && signature ? { ...key, signature } : undefined;
}

/** Reads the bundle that a retry receipt may carry in `keys`. */
export function readRetryBundle(receipt: BinaryNode): PreKeyBundle | undefined {
  const keys = getBinaryNodeChild(receipt, 'keys');
  const registration = bytesOf(getBinaryNodeChild(receipt, 'registration'));
  const identityKey = bytesOf(getBinaryNodeChild(keys, 'identity'));
  const signedPreKey = readSignedPreKey(getBinaryNodeChild(keys, 'skey'));
  if (!registration || !identityKey || !signedPreKey) return undefined;
  const preKey = getBinaryNodeChild(keys, 'key');
  return { registrationId: registration.readUIntBE(0, registration.length), identityKey, signedPreKey, preKey: preKey && readPreKey(preKey) };
}

function readPreKey(of: BinaryNode): PublicPreKey | undefined {
  const id = bytesOf(getBinaryNodeChild(of, 'id'));
  const publicKey = bytesOf(getBinaryNodeChild(of, 'value'));
  return id && publicKey ? { keyId: id.readUIntBE(0, id.length), publicKey } : undefined;
}

function keyNodes(key: PublicPreKey): BinaryNode[] {
  return [node('id', {}, uint(key.keyId, 3)), node('value', {}, key.publicKey)];
}
