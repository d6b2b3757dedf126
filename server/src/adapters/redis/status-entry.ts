import type { LiveStatus } from '../../ports/status-board.js';

/** What Redis holds of an instance: `<process> <epoch> <state as JSON>`. Without a state it says that there is nothing to show any more. */
export interface StatusEntry {
  epoch: number;
  live: LiveStatus | null;
}

/** Of each script: the key; the process, the epoch. */
const THERE = `
local there = redis.call('GET', KEYS[1])
local owner, epoch
if there then owner, epoch = string.match(there, '^(%S+) (%d+) ') end
epoch = tonumber(epoch) or -1
local mine = tonumber(ARGV[2])`;

const SET = `
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. ARGV[3], 'PX', ARGV[4])
return 1`;

/** Then the state and the lifetime in milliseconds. Sets an entry unless a later tenure has set its own. Answers 1 if it was set. */
export const PUT = `${THERE}
if epoch > mine then return 0 end
${SET}`;

/** The same, but leaves also the entry that another process has set in the same tenure: it is the later one. */
export const REFRESH = `${THERE}
if epoch > mine or (epoch == mine and owner ~= ARGV[1]) then return 0 end
${SET}`;

/** Deletes what this process has set in that tenure, or before. */
export const FORGET = `${THERE}
if owner == ARGV[1] and epoch <= mine then return redis.call('DEL', KEYS[1]) end
return 0`;

export function stateOf({ live }: StatusEntry, now: number): string {
  return live ? JSON.stringify({ ...live, updatedAt: now }) : '';
}

export function parseEntry(text: string): StatusEntry & { owner: string } {
  const [, owner = '', epoch = '', state = ''] = /^(\S+) (\d+) (.*)$/s.exec(text) ?? [];
  return { owner, epoch: Number(epoch), live: state === '' ? null : JSON.parse(state) as LiveStatus };
}
