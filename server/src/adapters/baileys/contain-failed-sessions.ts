import { SessionCipher } from 'libsignal';

/** What is not in libsignal's types. */
interface SessionEntry { serialize(): unknown }
type Decrypt = (this: SessionCipher, data: Uint8Array, sessions: SessionEntry[]) => Promise<unknown>;
const prototype = SessionCipher.prototype as unknown as { decryptWithSessions: Decrypt };
const original = prototype.decryptWithSessions;

/**
 * Contains a bug of libsignal 6.0.0. `decryptWithSessions` tries the sessions of a record one after the other, and a failed attempt steps the
 * ratchet of the wrong one; when a later one fits, the record is stored with both, and the next message of the session that was stepped
 * cannot be decrypted. Here a session that did not fit is put back to what it was. A record with one session needs none of it: a failure stores nothing.
 *
 * To be removed when `contain-failed-sessions.test.ts` passes without it.
 */
export function containFailedSessions(): void {
  prototype.decryptWithSessions = decryptWithSessions;
}

/** For the test that shows the bug. */
export function uncontainFailedSessions(): void {
  prototype.decryptWithSessions = original;
}

const decryptWithSessions: Decrypt = async function (data, sessions) {
  if (sessions.length < 2) return original.call(this, data, sessions);
  let failure: unknown;
  for (const session of sessions) {
    const before = session.serialize();
    try {
      return await original.call(this, data, [session]);
    } catch (error) {
      failure = error;
      restore(session, before);
    }
  }
  throw failure;
};

function restore(session: SessionEntry, before: unknown): void {
  const Entry = session.constructor as unknown as { deserialize(data: unknown): SessionEntry };
  Object.assign(session, Entry.deserialize(before));
}
