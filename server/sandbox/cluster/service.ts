/** Something that the nodes need: found, given, or started for them. */
export interface Service {
  url: string;
  /** For people; without a password. */
  about: string;
  /** Removes what was made in it. */
  remove(): Promise<void>;
}

/** An address as it may be shown. */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}
