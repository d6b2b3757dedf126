import { generate } from 'selfsigned';

export interface ServerCertificate {
  /** The CA that clients must trust, PEM. */
  ca: string;
  cert: string;
  key: string;
}

const DAY_MS = 86_400_000;

/** Makes a CA and a certificate under it for the loopback addresses. Nothing is written to disk. */
export async function createServerCertificate(now: number): Promise<ServerCertificate> {
  const validity = { keyType: 'ec' as const, algorithm: 'sha256', notBeforeDate: new Date(now - DAY_MS), notAfterDate: new Date(now + 3650 * DAY_MS) };
  const ca = await generate([{ name: 'commonName', value: 'WhatsApp simulator CA' }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...validity,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }, { type: 7, ip: '::1' }] },
    ],
  });
  return { ca: ca.cert, cert: server.cert, key: server.private };
}
