import { aesDecryptGCM, aesEncryptGCM, Curve, hkdf, NOISE_MODE, NOISE_WA_HEADER, proto, sha256 } from '@whiskeysockets/baileys';
import type { NoiseIdentity } from './certificates.js';

const NO_DATA = Buffer.alloc(0);

/** The two AES-GCM keys of an open connection, each with its own counter. */
export interface NoiseTransport {
  encrypt(plaintext: Uint8Array): Buffer;
  decrypt(ciphertext: Uint8Array): Buffer;
}

export interface ClientIdentity {
  /** The client's static (noise) key, 32 bytes. */
  noiseKey: Buffer;
  payload: proto.ClientPayload;
  transport: NoiseTransport;
}

export interface NoiseHandshake {
  /** Takes the ClientHello, answers the ServerHello. */
  hello(message: Uint8Array): Uint8Array;
  /** Takes the ClientFinish and opens the transport. */
  finish(message: Uint8Array): ClientIdentity;
}

/** The server's side of Noise_XX_25519_AESGCM_SHA256 as WhatsApp Web uses it. Throws on anything that does not verify. */
export function createHandshake(identity: NoiseIdentity): NoiseHandshake {
  const ephemeral = Curve.generateKeyPair();
  let hash: Buffer = Buffer.from(NOISE_MODE);
  let salt: Buffer = hash;
  let key: Buffer = hash;
  let counter = 0;

  const authenticate = (data: Uint8Array) => {
    hash = sha256(Buffer.concat([hash, data]));
  };
  const expand = (data: Uint8Array): [Buffer, Buffer] => {
    const bytes = Buffer.from(hkdf(data, 64, { salt, info: '' }));
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  };
  const mix = (shared: Uint8Array) => {
    [salt, key] = expand(shared);
    counter = 0;
  };
  const encrypt = (plaintext: Uint8Array) => {
    const ciphertext = aesEncryptGCM(plaintext, key, iv(counter++), hash);
    authenticate(ciphertext);
    return ciphertext;
  };
  const decrypt = (ciphertext: Uint8Array) => {
    const plaintext = aesDecryptGCM(ciphertext, key, iv(counter++), hash);
    authenticate(ciphertext);
    return plaintext;
  };

  return {
    hello(message) {
      const clientEphemeral = proto.HandshakeMessage.decode(message).clientHello?.ephemeral;
      if (clientEphemeral?.length !== 32) throw new Error('ClientHello without an ephemeral key');
      authenticate(NOISE_WA_HEADER);
      authenticate(clientEphemeral);
      authenticate(ephemeral.public);
      mix(Curve.sharedKey(ephemeral.private, clientEphemeral));
      const encryptedStatic = encrypt(identity.staticKey.public);
      mix(Curve.sharedKey(identity.staticKey.private, clientEphemeral));
      const payload = encrypt(identity.certificateChain);
      return proto.HandshakeMessage.encode({
        serverHello: { ephemeral: ephemeral.public, static: encryptedStatic, payload },
      }).finish();
    },
    finish(message) {
      const finish = proto.HandshakeMessage.decode(message).clientFinish;
      if (!finish?.static || !finish.payload) throw new Error('ClientFinish without its parts');
      const noiseKey = decrypt(finish.static);
      mix(Curve.sharedKey(ephemeral.private, noiseKey));
      const payload = proto.ClientPayload.decode(decrypt(finish.payload));
      const [clientToServer, serverToClient] = expand(NO_DATA);
      return { noiseKey, payload, transport: createTransport(serverToClient, clientToServer) };
    },
  };
}

function createTransport(sendKey: Buffer, receiveKey: Buffer): NoiseTransport {
  let sent = 0;
  let received = 0;
  return {
    encrypt: (plaintext) => aesEncryptGCM(plaintext, sendKey, iv(sent++), NO_DATA),
    decrypt: (ciphertext) => aesDecryptGCM(ciphertext, receiveKey, iv(received++), NO_DATA),
  };
}

function iv(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}
