/**
 * A WhatsApp message id in the shape that WhatsApp's web client makes: `3EB0` and 18 hex digits, upper case. It is made once, and
 * every attempt at sending the message reuses it, so that the recipient sees one message.
 * @param bytes 9 random bytes
 */
export function makeMessageId(bytes: Uint8Array): string {
  return `3EB0${Buffer.from(bytes.subarray(0, 9)).toString('hex').toUpperCase()}`;
}

export const MESSAGE_ID_BYTES = 9;
