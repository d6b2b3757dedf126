import type { Children } from '../with-children.js';

/** A server program with a folder of its own. */
export interface KeptService {
  name: string;
  /** Its working directory; removed when it has ended. */
  dir: string;
  command: string;
  args: readonly string[];
  /** What makes it end in order. */
  stopSignal: NodeJS.Signals;
  uid?: number;
  gid?: number;
}

const STOP_WITHIN_MS = 5_000;

/** Starts a server program below a small process that ends it, and removes its folder, even when this process is killed. */
export async function keepService(children: Children, service: KeptService, isReady: () => Promise<boolean>): Promise<void> {
  await children.start({
    name: service.name, module: new URL('./service-keeper.js', import.meta.url), args: [JSON.stringify(service)], env: {},
    isReady, stage: 'services', stopWithinMs: STOP_WITHIN_MS,
  });
}
