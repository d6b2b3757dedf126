/** Why the gateway does not start with this key: a sentence for a person that says what to do. Nothing was changed. */
export class EncryptionKeyError extends Error {
  override readonly name = 'EncryptionKeyError';

  constructor(readonly code: 'ENCRYPTION_KEY_WRONG' | 'ENCRYPTION_KEY_MISSING' | 'ENCRYPTION_KEY_UNREADABLE' | 'DATA_KEY_UNREADABLE' | 'NODES_OF_EARLIER_RELEASE', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
