import { SessionCipher, type ProtocolAddress, type SignalStorage } from 'libsignal';

/** What is not in libsignal's types. */
interface SessionEntry { serialize(): unknown }
interface Cipher extends SessionCipher {
  decryptWithSessions(data: Uint8Array, sessions: SessionEntry[]): Promise<unknown>;
}
const Cipher = SessionCipher as unknown as new (storage: SignalStorage, address: ProtocolAddress) => Cipher;

/**
 * libsignal's cipher without a bug of 6.0.0, which no phone has: it tries the sessions of a record one after the other, and a failed attempt steps
 * the ratchet of the wrong one. A late message of an older session then makes the newer one useless. Here a session that did not fit is put
 * back to what it was.
 */
export class ContainedCipher extends Cipher {
  override async decryptWithSessions(data: Uint8Array, sessions: SessionEntry[]): Promise<unknown> {
    if (sessions.length < 2) return super.decryptWithSessions(data, sessions);
    let failure: unknown;
    for (const session of sessions) {
      const before = session.serialize();
      try {
        return await super.decryptWithSessions(data, [session]);
      } catch (error) {
        failure = error;
        restore(session, before);
      }
    }
    throw failure;
  }
}

function restore(session: SessionEntry, before: unknown): void {
  const Entry = session.constructor as unknown as { deserialize(data: unknown): SessionEntry };
  Object.assign(session, Entry.deserialize(before));
}
