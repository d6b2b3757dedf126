import { credentialsPlace, type SealedPlace } from '../../ports/vault.js';
import type { RowName, StaleValue } from '../sql/sealed-rows.js';
import { LINK_SECRET, type SealedColumn } from '../sql/vault-sql.js';
import { fromSealedText, isSealedText, textHeadOf, headOf, sealedBy, toSealedText } from './sealed-value.js';

/** How a column keeps its values. */
interface SealedColumnForm {
  place(row: RowName): SealedPlace;
  /** What every value begins with that this data key has sealed. */
  head(keyId: number): string | Uint8Array;
  /** The sealed bytes in a value; null when it is not sealed. */
  sealedIn(value: StaleValue['value']): Uint8Array | null;
  /** The bytes of a value from before there was a seal. */
  plainIn(value: StaleValue['value']): Uint8Array;
  toValue(keyId: number, sealed: Uint8Array): StaleValue['value'];
}

export function webhookPlace(instanceId: string, column: 'secret' | 'previousSecret' | 'headers', webhookId: string): SealedPlace {
  return ['Webhook', instanceId, column, webhookId];
}

export function journalPlace(instanceId: string, hash: string): SealedPlace {
  return ['JournalEntry', instanceId, '', hash];
}

export function qrPlace(instanceId: string): SealedPlace {
  return ['Instance', instanceId, 'qr', ''];
}

export const LINK_SECRET_PLACE: SealedPlace = ['Setting', '', '', LINK_SECRET];

/** No header has an empty name: these are sealed ones. */
const HEADERS_MARK = '';

export function toSealedHeaders(sealed: string): Record<string, string> {
  return { [HEADERS_MARK]: sealed };
}

/** null when they are not sealed. */
export function fromSealedHeaders(headers: Record<string, string>): string | null {
  return headers[HEADERS_MARK] ?? null;
}

const bytes = (place: (row: RowName) => SealedPlace): SealedColumnForm => ({
  place,
  head: headOf,
  sealedIn: value => (typeof value === 'string' || sealedBy(value) === null ? null : value),
  plainIn: asBytes,
  toValue: (_keyId, sealed) => sealed,
});

const text = (place: (row: RowName) => SealedPlace): SealedColumnForm => ({
  place,
  head: textHeadOf,
  sealedIn: value => (typeof value === 'string' && isSealedText(value) ? fromSealedText(value) : null),
  plainIn: asBytes,
  toValue: toSealedText,
});

export const SEALED_COLUMN_FORMS: Record<SealedColumn, SealedColumnForm> = {
  credentials: bytes(({ instanceId }) => credentialsPlace(instanceId)),
  keys: bytes(({ instanceId, type, id }) => ['SignalKey', instanceId, type, id]),
  journal: bytes(({ instanceId, id }) => journalPlace(instanceId, id)),
  // Copies of credentials.
  backups: bytes(({ instanceId }) => credentialsPlace(instanceId)),
  qr: text(({ instanceId }) => qrPlace(instanceId)),
  secret: text(({ instanceId, id }) => webhookPlace(instanceId, 'secret', id)),
  previousSecret: text(({ instanceId, id }) => webhookPlace(instanceId, 'previousSecret', id)),
  headers: {
    place: ({ instanceId, id }) => webhookPlace(instanceId, 'headers', id),
    head: keyId => JSON.stringify(toSealedHeaders(textHeadOf(keyId))).slice(0, -2),
    sealedIn(value) {
      const sealed = typeof value === 'string' ? fromSealedHeaders(JSON.parse(value) as Record<string, string>) : null;
      return sealed === null ? null : fromSealedText(sealed);
    },
    plainIn: asBytes,
    toValue: (keyId, sealed) => JSON.stringify(toSealedHeaders(toSealedText(keyId, sealed))),
  },
  linkSecret: text(() => LINK_SECRET_PLACE),
};

function asBytes(value: StaleValue['value']): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
}
