declare module 'libsignal/src/curve.js' {
  /** Answers whether the XEdDSA signature is good; throws on malformed input. Public keys carry their type byte. */
  export function verifySignature(publicKey: Buffer, message: Uint8Array, signature: Uint8Array): boolean;
}
