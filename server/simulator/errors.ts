/** What a caller of the control API did wrong: an HTTP status, a stable code and a sentence. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ControlError';
  }
}
