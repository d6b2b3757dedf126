import type { Logger } from 'pino';
import { planShare, type ShareOf } from '../../domain/cluster/share.js';
import { isDomainError } from '../../domain/errors.js';
import type { Tenure } from '../../domain/instances/tenure.js';
import type { Clock } from '../../ports/clock.js';
import type { Leases, NodeReport } from '../../ports/leases.js';
import { createHeldLeases } from './held-leases.js';
import { unowned, type Ownership } from './ownership.js';

/** How often what nobody owns is looked for. */
const TICK_MS = 1_000;
/** Instances claimed in one tick: a node that starts alone comes to own all of them in some seconds. */
const CLAIMED_AT_ONCE = 50;
/** Instances given to other nodes in one tick: each is away for a moment. */
const GIVEN_AT_ONCE = 2;

export interface LeaseKeeperParts {
  leases: Leases;
  /** How long a lease lasts without a renewal. */
  ttlMs: number;
  /** What others should know of this node. */
  report: () => NodeReport;
  /** Called with each tenure that begins, before anything is done in it. */
  onGained: (tenures: readonly Tenure[]) => void;
  /** Ends everything that is done for the instance here; resolves when it has ended, within seconds. There is time to end in order while the tenure lasts. */
  leave: (tenure: Tenure, lasts: boolean) => Promise<void>;
  /** Those of the instances that can best be given to another node, the best first. */
  mostIdle: (instanceIds: readonly string[]) => string[];
  /** Others may take what was given back. */
  tellReleased: () => void;
  clock: Clock;
  logger: Logger;
}

/** Holds this node's leases, spreads the instances over the nodes, and ends what it does for an instance before another node may begin. */
export interface LeaseKeeper extends Ownership {
  /** Makes the node known; it takes its share when others that start at the same time are known, too. @throws DomainError `store_unavailable` */
  start(): Promise<void>;
  /** Takes this one at once, if nobody owns it. */
  claim(instanceId: string): Promise<void>;
  /** The store refused this tenure a write, or could not be reached for long: nothing is done in it any more. */
  giveUp(tenure: Tenure, cause: unknown): void;
  /** The instance is about to be gone for good, and its lease with it; what bears its name later is another one. Nothing is begun in this tenure any more. */
  forget(tenure: Tenure): void;
  /** How many instances are this node's own. */
  count(): number;
  /** Others gave something back: looks for it now. */
  look(): void;
  /** Ends everything, gives back each instance as soon as its end has come, and leaves. Idempotent. */
  stop(): Promise<void>;
}

/**
 * The order of things is what makes two owners impossible. A lease is counted from before the statement that renewed it was sent, and less a
 * margin, so that by this process's clocks it ends before it does in the store; what must not be done without it asks `isCurrent` at that
 * moment, and what is written is refused by the store if the epoch has moved on (docs/decisions/0009).
 */
export function createLeaseKeeper(parts: LeaseKeeperParts): LeaseKeeper {
  const { leases, ttlMs, clock, logger } = parts;
  const held = createHeldLeases({ ttlMs, clock });
  const leaving = new Map<string, Promise<void>>();
  let renewedAt = -Infinity;
  let gaveAt = -Infinity;
  /** The store could be reached in the last two ticks: others had the time to say that they live, and to renew what they hold. */
  let steady = false;
  let running = false;
  let cancelTick = () => {};
  let cancelWatch = () => {};
  let ticking: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  /** What was lost or ran out is ended here; nothing is given back, since it is not ours. */
  function lose(tenure: Tenure, why: string): void {
    if (!held.drop(tenure)) return;
    logger.warn({ ...tenure, why }, 'this node does not own the instance any more');
    void end(tenure, false);
  }

  function end(tenure: Tenure, lasts: boolean): Promise<void> {
    const ending = parts.leave(tenure, lasts).catch((err: unknown) => logger.error({ err, ...tenure }, 'what was done for an instance could not be ended in order'))
      .finally(() => {
        // First this: at no moment may it look as if the instance could be worked for again.
        held.drop(tenure);
        if (leaving.get(tenure.instanceId) === ending) leaving.delete(tenure.instanceId);
      });
    leaving.set(tenure.instanceId, ending);
    return ending;
  }

  /** Ends what is done for an instance, and then gives it back: until that it stays ours. */
  async function release(tenure: Tenure): Promise<void> {
    await end(tenure, true);
    await leases.release([tenure]);
    parts.tellReleased();
  }

  /** What was taken while its last tenure is still being ended here, as after a pause of the process, begins after that. */
  function gain(tenures: readonly Tenure[], since: number): void {
    const taken = new Set(tenures.map(({ instanceId }) => instanceId));
    // The store's clock was set forward: by that the lease had run out.
    for (const tenure of held.list()) if (taken.has(tenure.instanceId)) lose(tenure, 'its lease ran out in the store');
    for (const tenure of tenures) void leaving.get(tenure.instanceId)?.then(() => gain([tenure], since));
    const free = tenures.filter(({ instanceId }) => !leaving.has(instanceId));
    if (free.length === 0) return;
    if (stopping || clock.elapsed() - since >= ttlMs / 4) {
      // A renewal that was sent meanwhile did not know of it, and may have given it back (`Leases.renew`): it is taken anew.
      leases.release(free).then(parts.tellReleased, (err: unknown) => logger.warn({ err }, 'leases that came too late could not be given back; they run out'));
      return;
    }
    for (const tenure of free) held.put(tenure, since);
    parts.onGained(free);
  }

  async function renew(): Promise<void> {
    const since = clock.elapsed();
    const wall = clock.now();
    const before = held.list();
    const still = await leases.renew(before.map(({ instanceId }) => instanceId), parts.report());
    renewedAt = since;
    const epochs = new Map(still.map(({ instanceId, epoch }) => [instanceId, epoch]));
    for (const tenure of before) {
      if (epochs.get(tenure.instanceId) === tenure.epoch) held.renew(tenure, since, wall);
      else lose(tenure, 'another node took it over');
    }
  }

  /** An instance whose last tenure is still being ended here is not taken again before that. */
  async function share(): Promise<void> {
    const census = await leases.census();
    const { claim, surplus } = planShare(census);
    if (claim.active + claim.idle > 0 && leaving.size === 0) {
      const since = clock.elapsed();
      gain(await leases.claim({ active: Math.min(claim.active, CLAIMED_AT_ONCE), idle: Math.min(claim.idle, CLAIMED_AT_ONCE) }), since);
    }
    if (surplus.active + surplus.idle > 0) await giveToOthers(surplus);
  }

  async function giveToOthers(surplus: ShareOf): Promise<void> {
    // Whatever is given back makes all nodes look again, this one too: that must not make it faster.
    if (clock.elapsed() - gaveAt < 0.9 * TICK_MS) return;
    const mine = await leases.mine();
    const spare = (['active', 'idle'] as const).flatMap(kind => parts.mostIdle(mine[kind]).slice(0, surplus[kind]));
    for (const instanceId of spare.slice(0, Math.max(0, GIVEN_AT_ONCE - leaving.size))) {
      const tenure = held.get(instanceId);
      if (!tenure || leaving.has(instanceId)) continue;
      gaveAt = clock.elapsed();
      logger.info({ instanceId }, 'the instance is given to another node, which has fewer');
      void release(tenure).catch((err: unknown) => logger.warn({ err, instanceId }, 'an instance could not be given back; its lease runs out'));
    }
  }

  async function tickOnce(): Promise<void> {
    try {
      if (!steady || clock.elapsed() - renewedAt >= ttlMs / 3) {
        await renew();
        if (!steady) {
          steady = true;
          return;
        }
      }
      if (steady && running) await share();
    } catch (err) {
      if (steady) logger.warn({ err }, 'the leases could not be looked after; it is tried again each second');
      steady = false;
    }
  }

  const tick = (): Promise<void> => (ticking ??= tickOnce().finally(() => { ticking = null; }));

  function tickLater(): void {
    cancelTick = clock.after(TICK_MS, () => {
      void tick();
      if (running) tickLater();
    });
  }

  /** By itself, however long the store takes to answer. */
  function watchLater(): void {
    cancelWatch = clock.after(TICK_MS / 4, () => {
      for (const tenure of held.over()) lose(tenure, 'its lease could not be renewed in time');
      if (running) watchLater();
    });
  }

  async function stopOnce(): Promise<void> {
    running = false;
    cancelTick();
    await ticking;
    const quietly = (work: Promise<void>) => work.catch((err: unknown) => logger.warn({ err }, 'the leases could not be given back; they run out'));
    await quietly(leases.drain());
    await Promise.all(held.list().map(tenure => quietly(release(tenure))));
    await Promise.all(leaving.values());
    cancelWatch();
    await quietly(leases.leave());
  }

  return {
    // What is being left has no more to be begun for.
    holds: instanceId => !leaving.has(instanceId) && held.get(instanceId) !== null,
    isCurrent: tenure => held.get(tenure.instanceId)?.epoch === tenure.epoch,
    lastsMs: held.lastsMs,
    tenureOf(instanceId) {
      const tenure = leaving.has(instanceId) ? null : held.get(instanceId);
      if (!tenure) throw unowned(instanceId);
      return tenure;
    },
    async start() {
      if (running) return;
      await renew();
      running = true;
      watchLater();
      tickLater();
    },
    async claim(instanceId) {
      await leaving.get(instanceId);
      const since = clock.elapsed();
      const tenure = await leases.claimOne(instanceId);
      if (tenure) gain([tenure], since);
    },
    giveUp(tenure, cause) {
      const refused = isDomainError(cause) && cause.code === 'instance_unowned';
      if (!held.has(tenure)) return;
      logger.warn({ err: cause, ...tenure }, refused ? 'a write was refused: another node owns the instance' : 'a write failed; the instance is given up here');
      lose(tenure, refused ? 'a write of this tenure was refused' : 'the store failed');
      // Nobody else has it yet.
      if (!refused) void leaving.get(tenure.instanceId)?.then(() => leases.release([tenure])).catch(() => {});
    },
    forget(tenure) {
      if (held.drop(tenure)) void end(tenure, false);
    },
    count: () => held.list().length,
    look: () => void tick(),
    stop: () => (stopping ??= stopOnce()),
  };
}
