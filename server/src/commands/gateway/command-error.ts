/** A command could not do its work: a sentence for a person that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  /** @param code of the gateway's problem, where it answered with one */
  constructor(message: string, readonly code: string | null = null, options?: ErrorOptions) {
    super(message, options);
  }
}
