import { randomUUID } from 'node:crypto';

/** Faults that act at once on what is linked or connected. */
export const ACTION_KINDS = ['close', 'logged-out', 'replaced', 'stream-error'] as const;
/** Faults that wait for their occasion. */
export const STANDING_KINDS = [
  'drop-ack', 'ack-error', 'delay-ack', 'mute', 'refuse-upgrade', 'refuse-login', 'never-scanned', 'redeliver', 'reorder',
  'undecryptable', 'slow-media', 'media-down', 'unanswered', 'hold-upgrade',
] as const;

export type ActionKind = (typeof ACTION_KINDS)[number];
export type StandingKind = (typeof STANDING_KINDS)[number];
export type FaultKind = ActionKind | StandingKind;

export interface FaultRequest {
  kind: FaultKind;
  /** Only for this number; else for all. */
  phone?: string | undefined;
  /** How often; else until the faults are removed (for faults that act at once: everything it meets). */
  count?: number | undefined;
  /** ack-error: the error; refuse-login: the reason (default 503); refuse-upgrade: the HTTP status (403); stream-error: 515 or 503. */
  code?: number | undefined;
  /** delay-ack and slow-media: the delay; never-scanned: when the refs run out, otherwise by the client's own timers. */
  ms?: number | undefined;
  /** undecryptable: whether messages to the client (default) or from it arrive broken. */
  direction?: 'to-client' | 'from-client' | undefined;
}

export interface Fault extends FaultRequest {
  id: string;
  /** Times left, if it was given a count. */
  remaining?: number;
}

type Match = (fault: Fault) => boolean;

export interface Faults {
  add(request: FaultRequest): Fault;
  /** Uses up one time of the first fault of this kind that is meant for the number; undefined if there is none. */
  take(kind: StandingKind, number: string | undefined, match?: Match): Fault | undefined;
  /** The same without using it up. */
  peek(kind: StandingKind, number: string | undefined): Fault | undefined;
  list(): Fault[];
  clear(): void;
}

export function createFaults(): Faults {
  const faults = new Map<StandingKind, Fault[]>();

  const find = (kind: StandingKind, number: string | undefined, match: Match = () => true) =>
    faults.get(kind)?.find((fault) => (fault.phone === undefined || fault.phone === number) && match(fault));

  return {
    add(request) {
      const fault: Fault = { ...request, id: randomUUID() };
      if (request.count !== undefined) fault.remaining = request.count;
      if (isStanding(request.kind)) faults.set(request.kind, [...(faults.get(request.kind) ?? []), fault]);
      return fault;
    },
    take(kind, number, match) {
      const fault = find(kind, number, match);
      if (fault?.remaining !== undefined) {
        fault.remaining -= 1;
        if (fault.remaining <= 0) faults.set(kind, (faults.get(kind) ?? []).filter((other) => other !== fault));
      }
      return fault;
    },
    peek: (kind, number) => find(kind, number),
    list: () => [...faults.values()].flat(),
    clear: () => faults.clear(),
  };
}

export function isStanding(kind: FaultKind): kind is StandingKind {
  return (STANDING_KINDS as readonly string[]).includes(kind);
}
