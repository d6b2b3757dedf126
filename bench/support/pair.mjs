import { createBareClient, createMemoryAuth, scanWith, trustSimulator } from './bare-client.mjs';
import { openGateway, pairInstance } from './gateway.mjs';

export const INSTANCE = 'bench';
export const GATEWAY_PHONE = '15551000001';
export const BARE_PHONE = '15551000002';

/**
 * The two that are compared, each with an account of its own: a gateway in its own process, and Baileys in this one.
 * @param {import('./stage.mjs').Stage} stage
 * @param {{ onMessage?: (text: string) => void, env?: Record<string, string> }} [options] onMessage: a text that the bare client received; env: for the gateway
 */
export async function openPair(stage, { onMessage, env } = {}) {
  const gateway = await openGateway({ dir: stage.dir, dataDir: await stage.folder('pair'), simulatorUrl: stage.simulator.url, env });
  stage.closing(() => gateway.stop());
  await pairInstance(gateway, stage.control, INSTANCE, GATEWAY_PHONE);
  const webSocketUrl = await trustSimulator(stage.control);
  const bare = createBareClient({ webSocketUrl, auth: createMemoryAuth(), onQr: scanWith(stage.control, BARE_PHONE), onMessage });
  stage.closing(() => bare.end());
  await bare.open();
  return { gateway, bare };
}

/** Runs `count` pieces of work, `width` at a time; answers the seconds it took. */
export async function timed(count, width, work) {
  const started = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: width }, async (_, lane) => {
    while (next < count) await work(next++, lane);
  }));
  return (performance.now() - started) / 1_000;
}

/**
 * Does each of the named in turn, `rounds` times, the first one last in every second round; answers the results by name. When `budgetMs` is
 * spent no further round begins, so that a slow machine gets fewer rounds and not a longer run.
 */
export async function alternate({ rounds, budgetMs }, sides) {
  const results = Object.fromEntries(Object.keys(sides).map(name => [name, []]));
  const started = performance.now();
  for (let round = 0; round < rounds && (round === 0 || performance.now() - started < budgetMs); round += 1) {
    const order = Object.entries(sides);
    if (round % 2 === 1) order.reverse();
    for (const [name, run] of order) results[name].push(await run(round));
  }
  return results;
}
