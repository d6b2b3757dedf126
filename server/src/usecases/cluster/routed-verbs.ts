import type { GatewayUseCases } from '../gateway.js';

/**
 * Verbs that only the owner of an instance can do, or does best, with the time in milliseconds after which no answer is expected any more: longer
 * than the verb's own limit. The first argument of each is the instance's id. `sendMessage` and `awaitMessage` travel in a way of their own.
 */
export const ROUTED_VERBS = {
  connectInstance: 8_000,
  restartInstance: 8_000,
  disconnectInstance: 10_000,
  logoutInstance: 30_000,
  // Seven steps, each of which may take 5 s; five of them again where somebody connects meanwhile.
  forceCleanUp: 65_000,
  // It may have to connect first.
  requestPairingCode: 20_000,
  getQr: 10_000,
  // What is queued comes to an end with the instance.
  deleteInstance: 30_000,
  purgeInstance: 30_000,
  restoreInstance: 10_000,
  createBackup: 10_000,
  restoreBackup: 10_000,
  updateInstance: 10_000,
  cancelMessage: 10_000,
  createWebhook: 10_000,
  updateWebhook: 10_000,
  // These two take as long as there are deliveries.
  deleteWebhook: 30_000,
  replayDeliveries: 30_000,
  rotateSecret: 10_000,
  // How a receiver does is known to whoever delivers to it.
  listWebhooks: 10_000,
  getWebhook: 10_000,
  replayDelivery: 10_000,
} as const satisfies Partial<Record<keyof GatewayUseCases, number>>;

export type RoutedVerb = keyof typeof ROUTED_VERBS;

export function isRoutedVerb(verb: string): verb is RoutedVerb {
  return Object.hasOwn(ROUTED_VERBS, verb);
}

/** Calls a verb by its name. */
export function runVerb(usecases: GatewayUseCases, verb: RoutedVerb, args: unknown[]): Promise<unknown> {
  const run = usecases[verb] as (...args: unknown[]) => Promise<unknown>;
  return run(...args);
}
