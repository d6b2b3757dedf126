import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError, type Command, type CommandHost } from '../command.js';
import { findGateway } from './find-gateway.js';
import { createGatewayClient, type GatewayClient } from './gateway-client.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What an action was called with. */
export interface Call {
  gateway: GatewayClient;
  /** What stands in the place of `names`. */
  words: string[];
  values: Record<string, string | boolean | (string | boolean)[] | undefined>;
  host: CommandHost;
  /** The answer is to be JSON: nothing else goes to standard output. */
  json: boolean;
}

/** What it came to: for programs, and in lines for people. */
export interface Outcome {
  json: unknown;
  lines: string[];
  /** 0 unless told. */
  exitCode?: number;
}

/** One thing that a command can do with a running gateway. */
export interface Action {
  /** Its name, where a command has several. */
  name?: string;
  /** What it takes, in order, such as `<instanceId>`. */
  names: readonly string[];
  options?: Options;
  run(call: Call): Promise<Outcome>;
}

export interface GatewayCommand extends Pick<Command, 'name' | 'summary' | 'usage'> {
  actions: readonly Action[];
}

const COMMON: Options = { url: { type: 'string' }, json: { type: 'boolean' } };

export const COMMON_OPTIONS = `  --url   the gateway's address; default: CHASQUI_URL, else this machine
  --json  the answer as JSON

The key is CHASQUI_API_KEY. Without one, a gateway that keeps its data on this machine is asked through its data directory (DATA_DIR).`;

/** A command that talks REST to a running gateway. */
export function createGatewayCommand({ actions, ...command }: GatewayCommand): Command {
  return {
    ...command,
    async run(args, host) {
      const [action, rest] = choose(actions, args);
      const { values, positionals } = parseArgs({ args: rest, options: { ...COMMON, ...action.options }, allowPositionals: true });
      if (positionals.length !== action.names.length) {
        throw new UsageError(action.names.length === 0 ? `it does not know what "${positionals.join(' ')}" is for.` : `it takes ${action.names.join(' and ')}.`);
      }
      const json = values['json'] === true;
      const gateway = createGatewayClient(await findGateway(host.env, values['url'] as string | undefined));
      const outcome = await action.run({ gateway, words: positionals, values: values as Call['values'], host, json });
      if (json) host.print(JSON.stringify(outcome.json, null, 2));
      else for (const line of outcome.lines) host.print(line);
      return outcome.exitCode ?? 0;
    },
  };
}

function choose(actions: readonly Action[], args: string[]): [Action, string[]] {
  const [only] = actions;
  if (actions.length === 1 && only && only.name === undefined) return [only, args];
  const [name, ...rest] = args;
  const action = actions.find(one => one.name === name);
  if (action) return [action, rest];
  const names = actions.map(one => one.name).join(', ');
  throw new UsageError(name === undefined ? `it does not know what to do: ${names}?` : `it does not know "${name}"; it knows ${names}.`);
}
