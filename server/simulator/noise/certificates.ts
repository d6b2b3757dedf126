import { Curve, proto, type KeyPair } from '@whiskeysockets/baileys';

/** The identity of the simulated server: what clients must trust, and what it proves itself with. */
export interface NoiseIdentity {
  /** Public key of the root, 32 bytes; a client takes it as `WA_CERT_DETAILS.PUBLIC_KEY`. */
  rootPublicKey: Buffer;
  staticKey: KeyPair;
  /** Encoded CertChain: intermediate signed by the root (serial 0), leaf signed by the intermediate. */
  certificateChain: Uint8Array;
}

/** Makes a new root and a certificate chain under it, as the client checks it in the Noise handshake. */
export function createNoiseIdentity(now: number): NoiseIdentity {
  const root = Curve.generateKeyPair();
  const intermediate = Curve.generateKeyPair();
  const staticKey = Curve.generateKeyPair();
  const notBefore = Math.floor(now / 1000) - 86_400;
  const notAfter = notBefore + 10 * 365 * 86_400;

  const sign = (issuer: KeyPair, details: proto.CertChain.NoiseCertificate.IDetails) => {
    const encoded = proto.CertChain.NoiseCertificate.Details.encode({ ...details, notBefore, notAfter }).finish();
    return { details: encoded, signature: Curve.sign(issuer.private, encoded) };
  };
  const certificateChain = proto.CertChain.encode({
    intermediate: sign(root, { serial: 1, issuerSerial: 0, key: intermediate.public }),
    leaf: sign(intermediate, { serial: 2, issuerSerial: 1, key: staticKey.public }),
  }).finish();
  return { rootPublicKey: Buffer.from(root.public), staticKey, certificateChain };
}
