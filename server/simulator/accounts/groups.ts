import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.js';

/** A group. Its stanzas name its members by LID. */
export interface Group {
  readonly jid: string;
  readonly subject: string;
  /** Numbers; the first of them made the group. */
  readonly members: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** All groups of the network. They live as long as the process. */
export interface GroupDirectory {
  create(subject: string, members: readonly string[]): Group;
  find(jid: string | undefined): Group | undefined;
  list(): Group[];
}

export function createGroupDirectory(clock: Clock): GroupDirectory {
  const groups = new Map<string, Group>();
  return {
    create(subject, members) {
      // By chance, not counted up: a client may still hold sender keys from before the simulator was started again.
      const jid = `120363${randomInt(10 ** 11, 10 ** 12)}@g.us`;
      const group: Group = { jid, subject, members: [...members], createdAt: clock.now() };
      groups.set(jid, group);
      return group;
    },
    find: (jid) => groups.get(jid ?? ''),
    list: () => [...groups.values()],
  };
}
