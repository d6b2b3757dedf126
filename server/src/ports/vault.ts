/**
 * Where a sealed value lives. It is part of what is authenticated, so that a value opens nowhere else: rows cannot be swapped.
 * A copy of a session's credentials in a backup keeps the place of the credentials.
 */
export type SealedPlace = readonly [table: string, instanceId: string, type: string, id: string];

/** The place of an instance's credentials, and of every backup of them. */
export function credentialsPlace(instanceId: string): SealedPlace {
  return ['SessionCredentials', instanceId, '', ''];
}

/** Seals what is secret before it is stored, and opens it again. */
export interface Sealer {
  /** At once, as the bytes are at the call. A value sealed twice gives different bytes. */
  seal(place: SealedPlace, plain: Uint8Array): Uint8Array;
  /** @throws SealError when the value is not sealed, was changed, or was sealed for another place or under a key that nobody has */
  open(place: SealedPlace, sealed: Uint8Array): Promise<Uint8Array>;
  /** The same for columns of text. */
  sealText(place: SealedPlace, plain: string): string;
  openText(place: SealedPlace, sealed: string): Promise<string>;
}

/** A value that cannot be opened. Nothing is deleted for it. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly code = 'VALUE_NOT_OPENED';
}

/** What is known of the keys; never the keys themselves. */
export interface EncryptionStatus {
  /** Where the master key of this process comes from. */
  keyFrom: 'environment' | 'file';
  /** Fingerprint of the master key of this process. */
  masterKey: string;
  /** Fingerprints of other master keys that open the data keys as well: a change of the master key is under way. */
  otherMasterKeys: string[];
  /** The data key that seals what is written now. */
  activeDataKey: number;
  /** Epoch milliseconds; `retiredAt` null: in use, or something is still sealed by it. */
  dataKeys: { id: number; createdAt: number; retiredAt: number | null }[];
}

export interface Rotation {
  dataKey: number;
  /** Values that were sealed anew. */
  resealed: number;
  /** Fingerprint of the new master key; null when it was not changed. */
  newMasterKey: string | null;
  /** What happened to the key file: it holds the new master key now. Only where the key comes from the file. */
  keyFileReplaced: boolean;
}

/** The keys that seal, and their rotation. */
export interface Vault extends Sealer {
  status(): Promise<EncryptionStatus>;
  /**
   * Makes a new data key, seals everything anew under it, and retires the ones before; with a new master key, which wraps all data keys beside the present one.
   * Safe beside live sessions on any node. A crash leaves everything readable; the next start, or the next call, goes on with it.
   * @throws DomainError `rotation_pending` while a change of the master key is under way to a key that was not given
   */
  rotate(newMasterKey: Uint8Array | null): Promise<Rotation>;
  /** Ends a change of the master key: from then on only the master key of this process opens the data keys. Answers the fingerprints of those that do not any more. */
  finish(): Promise<string[]>;
  /** Fingerprint of the master key of this process. */
  readonly masterKey: string;
}
