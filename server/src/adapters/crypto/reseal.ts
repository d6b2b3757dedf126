import type { Logger } from 'pino';
import type { Sealer } from '../../ports/vault.js';
import type { SealedRows, StaleValue } from '../sql/sealed-rows.js';
import { SEALED_COLUMNS, type SealedColumn } from '../sql/vault-sql.js';
import type { Keyring } from './keyring.js';
import { SEALED_COLUMN_FORMS } from './sealed-columns.js';
import { sealedBy } from './sealed-value.js';

export interface ResealOptions {
  keyring: Keyring;
  sealer: Sealer;
  rows: SealedRows;
  /** Whether values that are not sealed are sealed, too; otherwise they are left, and told. */
  adopt: boolean;
  /** Ends it after its batch. */
  isStopped?: () => boolean;
  logger: Pick<Logger, 'error'>;
}

/** Values in one transaction: others wait behind it. */
const BATCH = 100;
/** Each looks at everything; what was written meanwhile, or could not be had, is for the next. */
const MOST_PASSES = 100;

/**
 * Seals under the active data key whatever is not, by compare-and-set: a value that changed meanwhile stays as it is, and is looked at again. It needs no
 * fence, since it puts the same content in another seal, wherever and however late that is done. Can be repeated after a crash.
 * @returns how many values were sealed anew
 */
export async function reseal(options: ResealOptions): Promise<number> {
  const { isStopped = () => false } = options;
  const hopeless = new Set<string>();
  let total = 0;
  for (let pass = 0; pass < MOST_PASSES && !isStopped(); pass++) {
    let found = 0;
    for (const column of SEALED_COLUMNS) {
      const { seen, replaced } = await resealColumn(column, options, hopeless);
      found += seen;
      total += replaced;
    }
    if (found === 0) return total;
  }
  return total;
}

async function resealColumn(column: SealedColumn, { keyring, sealer, rows, adopt, isStopped = () => false, logger }: ResealOptions, hopeless: Set<string>): Promise<{ seen: number; replaced: number }> {
  const form = SEALED_COLUMN_FORMS[column];
  let after = { instanceId: '', type: '', id: '' };
  let [seen, replaced] = [0, 0];
  while (!isStopped()) {
    const batch = await rows.stale(column, after, form.head(keyring.active().id), BATCH);
    const values: { old: StaleValue; fresh: StaleValue['value'] }[] = [];
    for (const old of batch) {
      const name = JSON.stringify([column, old.instanceId, old.type, old.id]);
      if (hopeless.has(name)) continue;
      const place = form.place(old);
      try {
        const sealed = form.sealedIn(old.value);
        if (sealed === null && !adopt) throw new Error('It is not sealed.');
        const fresh = sealer.seal(place, sealed === null ? form.plainIn(old.value) : await sealer.open(place, sealed));
        values.push({ old, fresh: form.toValue(sealedBy(fresh) ?? 0, fresh) });
      } catch (err) {
        // It stays as it is, and keeps nobody from what opens.
        hopeless.add(name);
        logger.error({ err, column, instanceId: old.instanceId }, 'a value could not be sealed anew');
      }
    }
    seen += values.length;
    if (values.length > 0) replaced += await rows.replace(column, values);
    const last = batch.at(-1);
    if (!last || batch.length < BATCH) break;
    after = { instanceId: last.instanceId, type: last.type, id: last.id };
  }
  return { seen, replaced };
}
