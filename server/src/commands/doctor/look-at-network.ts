import type { Config } from '../../config.js';
import { fail, ok, warn, type Finding } from './finding.js';

const TIMEOUT_MS = 8_000;
const WHATSAPP = 'https://web.whatsapp.com/';
/** Receivers of webhooks refuse what is five minutes off. */
const FAR_OFF_MS = 4 * 60_000;
const OFF_MS = 20_000;

/** Whether WhatsApp, or its simulator, can be reached; and the clock, by the date that it sends. */
export async function lookAtNetwork(network: Config['network'], now: () => number = Date.now): Promise<Finding[]> {
  const isLive = network.kind === 'live';
  const url = isLive ? WHATSAPP : new URL('/trust', network.simulatorUrl).href;
  const name = isLive ? 'whatsapp' : 'simulator';
  try {
    const asked = now();
    const response = await fetch(url, { method: isLive ? 'HEAD' : 'GET', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const answered = now();
    await response.body?.cancel();
    if (!isLive && !response.ok) return [fail(name, `${url} answers ${response.status}`, 'Check SIMULATOR_URL, or start a simulator: npm run simulator')];
    return [ok(name, isLive ? 'web.whatsapp.com:443 answers' : `${network.simulatorUrl} answers`), clock(response.headers.get('date'), (asked + answered) / 2, isLive)];
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    return [
      isLive
        ? fail(name, `web.whatsapp.com:443 cannot be reached: ${why}`, 'Let this machine out to web.whatsapp.com and *.whatsapp.net on port 443, and check its DNS and proxy.')
        : fail(name, `${network.simulatorUrl} cannot be reached: ${why}`, 'Start a simulator (npm run simulator), or set SIMULATOR_URL.'),
      warn('clock', 'there was nothing to compare it with', 'Look at it by hand, or use NTP.'),
    ];
  }
}

function clock(date: string | null, at: number, isFarAway: boolean): Finding {
  const theirs = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return warn('clock', 'there was no date to compare it with', 'Look at it by hand, or use NTP.');
  // The header has whole seconds.
  const offMs = Math.round(at - theirs - 500);
  const found = `${Math.abs(offMs / 1_000).toFixed(0)} s ${offMs < 0 ? 'behind' : 'ahead of'} ${isFarAway ? 'WhatsApp\'s' : 'the simulator\'s'}`;
  if (Math.abs(offMs) > FAR_OFF_MS) return fail('clock', found, 'Set it, best by NTP: receivers refuse webhooks that are five minutes off.');
  return Math.abs(offMs) > OFF_MS ? warn('clock', found, 'Set it, best by NTP.') : ok('clock', found);
}
