/** Entries of a comma-separated text, or of a list that an expression gave. */
export function listOf(value: unknown): string[] {
  const entries: unknown[] = Array.isArray(value) ? value : String(value ?? '').split(',');
  return entries.map(entry => String(entry).trim()).filter(entry => entry !== '');
}
