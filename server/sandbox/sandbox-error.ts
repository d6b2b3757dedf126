/** What a person has to know and can mend: the message is a sentence, the stack says nothing more. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
}
