/** Epoch milliseconds as ISO 8601. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** `{[name]: iso}` where there is a time, nothing where there is none: absent members are left out of answers. */
export function maybeIso<N extends string>(name: N, at: number | null | undefined): { [K in N]?: string } {
  return (at === null || at === undefined ? {} : { [name]: iso(at) }) as { [K in N]?: string };
}
