import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keyForNodes } from '../adapters/crypto/key-for-nodes.js';
import { readEnvironmentKey } from '../adapters/crypto/master-key-source.js';
import { databaseUrl } from '../config.js';
import type { MovedTable } from '../ports/installation-move.js';
import { moveInstallation } from '../usecases/move-installation.js';
import { UsageError, type Command } from './command.js';

const USAGE = `migrate --from <data directory> --to <address of a database>

Moves an installation from its data directory into an empty PostgreSQL database: accounts with their sessions, webhooks, messages,
deliveries, keys. Stop the gateway first. It is all or nothing; where it breaks off, run it again. Afterwards no gateway starts on
the data directory any more.

  --from  the data directory; default: DATA_DIR
  --to    such as postgresql://user:password@host:5432/database; default: DATABASE_URL, which keeps the password out of the list of processes

The nodes need the key that the data directory is sealed with: it says which. Where CHASQUI_ENCRYPTION_KEY is set, it is checked first.`;

/** From one process to a cluster. */
export const migrate: Command = {
  name: 'migrate',
  summary: 'move from a data directory to a PostgreSQL database',
  usage: USAGE,
  async run(args, { env, print }) {
    const { values } = parseArgs({ args, options: { from: { type: 'string' }, to: { type: 'string' } } });
    const from = values.from || env['DATA_DIR'];
    const to = values.to || env['DATABASE_URL'];
    if (!from) throw new UsageError('it does not know what to move: --from is missing.');
    if (!to) throw new UsageError('it does not know where to: --to is missing.');
    // Here and not above: no other command has to wait for the drivers of two databases.
    const [{ createMoveTarget }, { openMoveSource }] = await Promise.all([import('../adapters/postgres/move-target.js'), import('../adapters/sqlite/move-source.js')]);
    const target = createMoveTarget(databaseUrl(to, values.to ? '--to' : 'DATABASE_URL'));
    const source = await openMoveSource(from);
    try {
      const done = (await source.readMark())?.state === 'moved';
      const aboutKey = done ? '' : await keyForNodes(resolve(from), source.masterKeys(), readEnvironmentKey(env['CHASQUI_ENCRYPTION_KEY'] || null));
      print(`Moving ${resolve(from)} to ${target.name} …`);
      const width = 'SessionCredentials'.length;
      const onTable = (table: MovedTable, rows: number) => print(`  ${table.padEnd(width)} ${String(rows).padStart(9)} rows`);
      const moved = await moveInstallation({ source, target, id: randomUUID(), now: () => new Date().toISOString(), onTable });
      print(moved === null ? 'An earlier run had moved everything; now the data directory says so, too.' : 'Everything was moved, and is as it was.');
      print(aboutKey);
      print('Start the gateways with this database in DATABASE_URL and a Redis in REDIS_URL. No gateway starts on the data directory any more; keep it as a copy of the past, or delete it.');
      return 0;
    } finally {
      await target.close();
      await source.close();
    }
  },
};
