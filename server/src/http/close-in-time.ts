import type { Clock } from '../ports/clock.js';
import type { App } from './http-app.js';

/** Requests that are under way may go on for that long; then they are told to come to an end, and then they are cut off. */
const HURRY_AFTER_MS = 2_000;
const CUT_AFTER_MS = 3_000;

/**
 * Closes the server within about 3 s, whatever its callers do.
 * @param hurry lets requests that wait for something be answered
 */
export async function closeInTime(http: Pick<App, 'close' | 'server'>, hurry: () => void, clock: Pick<Clock, 'after'>): Promise<void> {
  const cancels = [clock.after(HURRY_AFTER_MS, hurry), clock.after(CUT_AFTER_MS, () => http.server.closeAllConnections())];
  try {
    await http.close();
  } finally {
    for (const cancel of cancels) cancel();
  }
}
