import type { Logger } from 'pino';
import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import type { EncryptionStatus, Rotation, Vault } from '../../ports/vault.js';
import type { DataKeyStore } from '../sql/data-keys.js';
import type { SealedRows } from '../sql/sealed-rows.js';
import { openKeyring } from './keyring.js';
import { createMasterKey } from './master-key.js';
import { reseal } from './reseal.js';
import { createSealCount } from './seal-count.js';
import { createSealer } from './sealer.js';
import type { MasterKeySource } from './master-key-source.js';

export interface VaultOptions {
  keys: DataKeyStore;
  rows: SealedRows;
  source: MasterKeySource;
  /** Whether other processes seal and open with the same keys. */
  shared: boolean;
  /** Called once, after everything from before there was a seal has been sealed: what was there in plain is to go for good. */
  onAdopted?: () => Promise<void>;
  clock: Pick<Clock, 'now' | 'after'>;
  logger: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
  /** For tests: fewer seals. */
  seals?: { reservedAtOnce: number; sealsOfAKey: number };
}

export interface OpenVault extends Vault {
  /** Ends what runs beside. Idempotent. */
  stop(): Promise<void>;
}

/** How old a process's knowledge of the active key is at most, where others make keys, too. */
const LOOK_EVERY_MS = 2_000;
const ADD_TRIES = 5;

/**
 * Opens the vault: the data keys under the master key, and what was stored before there was a seal is sealed. Call it before anything reads what is sealed.
 * @throws EncryptionKeyError when the master key is not the right one; nothing was changed
 */
export async function openVault({ keys, rows, source, shared, onAdopted = () => Promise.resolve(), clock, logger, seals }: VaultOptions): Promise<OpenVault> {
  const keyring = await openKeyring({ store: keys, master: createMasterKey(source.key), now: clock.now, onWrongKey: source.explainWrongKey });
  const count = createSealCount({
    ...seals,
    reserve: keys.reserve,
    onWornOut: id => background('a new data key could not be made', async () => {
      if (id === keyring.active().id && others().length === 0 && await keyring.add(null)) logger.info({ dataKey: keyring.active().id }, 'the data key has sealed enough; a new one seals from now on');
    }),
    onError: err => logger.debug({ err }, 'the uses of the data key could not be noted; that is tried again'),
  });
  const sealer = createSealer(keyring, count.noteSeal);
  const underWay = new Set<Promise<unknown>>();
  let stopped = false;
  let cancelLook = () => {};
  let turn: Promise<unknown> = Promise.resolve();

  const others = (): string[] => [...new Set(keyring.rows().map(({ masterId }) => masterId))].filter(id => id !== keyring.master().id);
  const resealAll = (adopt: boolean) => reseal({ keyring, sealer, rows, adopt, isStopped: () => stopped, logger });

  function background(failure: string, work: () => Promise<unknown>): void {
    const running = work().catch((err: unknown) => { if (!stopped) logger.error({ err }, failure); }).finally(() => underWay.delete(running));
    underWay.add(running);
  }

  /** One change of the keys after the other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const running = turn.then(work);
    turn = running.catch(() => undefined);
    return running;
  }

  async function sealUnderActive(): Promise<number> {
    let resealed = await resealAll(false);
    // Other processes have sealed by the key before until they looked.
    if (shared && !stopped) {
      await new Promise<void>(resolve => { clock.after(2 * LOOK_EVERY_MS, resolve); });
      resealed += await resealAll(false);
    }
    if (!stopped) await keys.retireBefore(keyring.active().id, clock.now());
    await keyring.look();
    return resealed;
  }

  async function addKey(newMaster: ReturnType<typeof createMasterKey> | null): Promise<void> {
    for (let tries = 1; ; tries++) {
      await keyring.look();
      const pending = others().filter(id => id !== newMaster?.id);
      if (pending.length > 0) {
        throw new DomainError('rotation_pending', `The master key is being changed: data keys are wrapped for ${keyring.master().id}, which this process uses, and for ${pending.join(', ')}.`, {
          hint: 'Start every node with the new master key, then end the change with POST /encryption/finish; or repeat the call with the same newMasterKey.',
        });
      }
      if (await keyring.add(newMaster)) return;
      if (tries === ADD_TRIES) throw new DomainError('rotation_pending', 'Other processes are making data keys at the same time.', { hint: 'Try again when they are done.' });
    }
  }

  async function rotate(newKey: Uint8Array | null): Promise<Rotation> {
    const newMaster = newKey && createMasterKey(newKey);
    if (newMaster?.id === keyring.master().id) throw new DomainError('validation_failed', 'This is the master key already.', { field: 'newMasterKey', hint: 'Make another one: openssl rand -base64 32' });
    await dropLeftOver();
    await addKey(newMaster);
    // The file changes once both keys open everything.
    const keyFileReplaced = newKey !== null && newMaster !== null && await source.replace(newKey);
    if (keyFileReplaced) keyring.changeMaster(newMaster);
    const resealed = await sealUnderActive();
    if (keyFileReplaced) await dropOthers();
    logger.info({ dataKey: keyring.active().id, resealed, masterKey: newMaster?.id }, 'the keys were rotated');
    return { dataKey: keyring.active().id, resealed, newMasterKey: newMaster?.id ?? null, keyFileReplaced };
  }

  async function dropOthers(): Promise<string[]> {
    await keyring.look();
    const dropped = others();
    if (dropped.length > 0) await keys.keepOnly(keyring.master().id);
    await keyring.look();
    return dropped;
  }

  /**
   * Whoever shares the store with nobody knows that no process uses the old master key. Where the key is in a file, that one counts: of a change that was
   * cut off before the file was replaced nobody may have the key, and it would keep every other change from beginning.
   */
  async function dropLeftOver(): Promise<void> {
    if (!shared && others().length > 0 && (source.kind === 'file' || isNewest())) await dropOthers();
  }

  /** Whether this process's master key is the one that is being changed to: what it wrapped is younger. */
  function isNewest(): boolean {
    const since = (masterId: string) => Math.min(...keyring.rows().filter(row => row.masterId === masterId).map(({ createdAt }) => createdAt));
    return others().every(id => since(id) < since(keyring.master().id));
  }

  function lookOften(): void {
    cancelLook = clock.after(LOOK_EVERY_MS, () => {
      keyring.look().catch((err: unknown) => logger.debug({ err }, 'the data keys could not be looked at')).finally(() => { if (!stopped) lookOften(); });
    });
  }

  if (!await keys.isAdopted()) {
    const adopted = await resealAll(true);
    await onAdopted();
    await keys.noteAdopted();
    if (adopted > 0) logger.info({ values: adopted }, 'what was stored in plain has been sealed');
  }
  await dropLeftOver();
  if (shared) lookOften();
  // A rotation that was cut off goes on.
  if (keyring.rows().some(({ id, retiredAt }) => id < keyring.active().id && retiredAt === null)) background('the rotation of keys could not go on', () => inTurn(sealUnderActive));

  return {
    ...sealer,
    get masterKey() { return keyring.master().id; },
    async status(): Promise<EncryptionStatus> {
      await keyring.look();
      const own = keyring.rows().filter(({ masterId }) => masterId === keyring.master().id);
      return {
        keyFrom: source.kind, masterKey: keyring.master().id, otherMasterKeys: others(), activeDataKey: keyring.active().id,
        dataKeys: own.map(({ id, createdAt, retiredAt }) => ({ id, createdAt, retiredAt })),
      };
    },
    rotate: newKey => inTurn(() => rotate(newKey)),
    finish: () => inTurn(async () => {
      await keyring.look();
      if (others().length > 0 && !isNewest()) {
        throw new DomainError('rotation_pending', `This node still runs under the old master key ${keyring.master().id}.`, { hint: 'Start every node with the new master key first.' });
      }
      return dropOthers();
    }),
    async stop() {
      stopped = true;
      cancelLook();
      await Promise.allSettled([...underWay, turn, count.settled()]);
    },
  };
}
