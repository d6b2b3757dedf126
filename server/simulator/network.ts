import { createDirectory, type Directory } from './accounts/directory.js';
import { createGroupDirectory, type GroupDirectory } from './accounts/groups.js';
import { createTimers, type Clock, type Timers } from './clock.js';
import { createFaults, type Faults } from './faults.js';
import { createActivityLog, type ActivityLog } from './log.js';
import type { Connection } from './protocol/connection.js';
import { createStats, type Stats } from './stats.js';

/** The logger's part that the simulator uses; a pino logger fits. */
export interface SimulatorLogger {
  debug(object: object, message: string): void;
  info(object: object, message: string): void;
  warn(object: object, message: string): void;
}

/** What all parts of one simulated network share. */
export interface Network {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: SimulatorLogger;
  readonly log: ActivityLog;
  readonly stats: Stats;
  readonly faults: Faults;
  readonly directory: Directory;
  readonly groups: GroupDirectory;
  readonly connections: Set<Connection>;
}

export function createNetwork(clock: Clock, logger: SimulatorLogger): Network {
  const log = createActivityLog(clock);
  return {
    clock,
    timers: createTimers(clock),
    logger,
    log,
    stats: createStats(),
    faults: createFaults(),
    directory: createDirectory((number, error) => {
      logger.warn({ err: error, number }, 'work of an account failed');
      log.add({ event: 'error', socket: 0, phone: number, detail: error instanceof Error ? error.message : String(error) });
    }),
    groups: createGroupDirectory(clock),
    connections: new Set(),
  };
}
