import { BufferJSON, proto, type AuthenticationCreds, type SignalDataTypeMap } from '@whiskeysockets/baileys';
import { containSenderKeyBuffers } from './contain-sender-key-buffers.js';

/** How the replacer marks a Buffer. */
const BUFFER_MARK = '"type":"Buffer"';

/** Session material travels to the store as JSON text in which Buffers are marked, the way Baileys itself writes it. */
export function encodeValue(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value, BufferJSON.replacer), 'utf8');
}

function decode(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // Sessions, which every message reads, hold no Buffer, and the reviver makes reading them five times as dear.
  return text.includes(BUFFER_MARK) ? JSON.parse(text, BufferJSON.reviver) : JSON.parse(text);
}

export function decodeCredentials(bytes: Uint8Array): AuthenticationCreds {
  return decode(bytes) as AuthenticationCreds;
}

export function decodeKey<T extends keyof SignalDataTypeMap>(type: T, bytes: Uint8Array): SignalDataTypeMap[T] {
  const value = decode(bytes);
  return prepare(type, value) as SignalDataTypeMap[T];
}

function prepare(type: keyof SignalDataTypeMap, value: unknown): unknown {
  switch (type) {
    // The only value that Baileys expects as a protobuf object.
    case 'app-state-sync-key': return proto.Message.AppStateSyncKeyData.fromObject(value as Record<string, unknown>);
    case 'sender-key': return value instanceof Uint8Array ? containSenderKeyBuffers(value) : value;
    default: return value;
  }
}
