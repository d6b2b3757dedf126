/**
 * Contains a bug of Baileys 7.0.0-rc14. `storeSenderKey` writes Buffers as JSON writes them, with an array of bytes; what reads them again
 * (`BufferJSON.reviver`) knows only the form with a base64 string. The keys of messages that were skipped then stay plain objects, and a group message
 * that comes out of order fails with "Expected Buffer instead of: Object". Here a record is put into the form that is read.
 *
 * To be removed when `contain-sender-key-buffers.test.ts` passes without it.
 * @param record a `sender-key` as Baileys stores it: JSON text in bytes
 */
export function containSenderKeyBuffers(record: Uint8Array): Uint8Array {
  const text = Buffer.from(record).toString('utf8');
  if (!text.includes('"data":[')) return record;
  return Buffer.from(JSON.stringify(JSON.parse(text, (_, value: unknown) => (isBufferOfBytes(value) ? { type: 'Buffer', data: Buffer.from(value.data).toString('base64') } : value))), 'utf8');
}

function isBufferOfBytes(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value && Array.isArray(value.data);
}
