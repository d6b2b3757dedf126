import { NOISE_WA_HEADER } from '@whiskeysockets/baileys';

const LENGTH_BYTES = 3;

/** Puts the 3-byte length before a payload. */
export function encodeFrame(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + payload.byteLength);
  frame.writeUIntBE(payload.byteLength, 0, LENGTH_BYTES);
  frame.set(payload, LENGTH_BYTES);
  return frame;
}

export interface FrameReader {
  /** Takes what arrived and answers the frames that are complete with it. */
  push(data: Uint8Array): Buffer[];
}

/**
 * Cuts the client's byte stream into frames. It starts with an intro: optionally `ED 00 01`, a 3-byte length and routing
 * information, then `WA` and two version bytes. Throws on another intro.
 */
export function createFrameReader(): FrameReader {
  let buffered: Buffer = Buffer.alloc(0);
  let introDone = false;

  const takeIntro = (): boolean => {
    let offset = 0;
    if (buffered.length >= 2 && buffered.toString('latin1', 0, 2) === 'ED') {
      if (buffered.length < 7) return false;
      offset = 7 + buffered.readUIntBE(4, LENGTH_BYTES);
    }
    if (buffered.length < offset + NOISE_WA_HEADER.length) return false;
    const header = buffered.subarray(offset, offset + NOISE_WA_HEADER.length);
    if (!header.equals(NOISE_WA_HEADER)) throw new Error(`unknown intro ${header.toString('hex')}`);
    buffered = buffered.subarray(offset + NOISE_WA_HEADER.length);
    return true;
  };

  return {
    push(data) {
      buffered = buffered.length ? Buffer.concat([buffered, data]) : Buffer.from(data);
      if (!introDone && !(introDone = takeIntro())) return [];
      const frames: Buffer[] = [];
      while (buffered.length >= LENGTH_BYTES) {
        const end = LENGTH_BYTES + buffered.readUIntBE(0, LENGTH_BYTES);
        if (buffered.length < end) break;
        frames.push(buffered.subarray(LENGTH_BYTES, end));
        buffered = buffered.subarray(end);
      }
      return frames;
    },
  };
}
