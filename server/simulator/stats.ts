/** Counters since the start; `GET /stats` adds what is connected at the moment. */
export interface Stats {
  sockets: number;
  logins: number;
  pairings: number;
  /** Message stanzas that clients sent. */
  messagesFromClients: number;
  /** Message stanzas that were delivered to clients, redeliveries included. */
  messagesToClients: number;
  /** Messages that phones and contacts decrypted, and those they could not. */
  decrypted: number;
  decryptFailures: number;
  duplicates: number;
  acks: number;
  ackErrors: number;
  acksDropped: number;
  /** Receipts that clients sent, and that were delivered to clients. */
  receiptsFromClients: number;
  receiptsToClients: number;
  retriesAnswered: number;
  preKeysHandedOut: number;
  mediaUploads: number;
  mediaDownloads: number;
}

export function createStats(): Stats {
  return {
    sockets: 0, logins: 0, pairings: 0, messagesFromClients: 0, messagesToClients: 0, decrypted: 0, decryptFailures: 0,
    duplicates: 0, acks: 0, ackErrors: 0, acksDropped: 0, receiptsFromClients: 0, receiptsToClients: 0, retriesAnswered: 0,
    preKeysHandedOut: 0, mediaUploads: 0, mediaDownloads: 0,
  };
}
