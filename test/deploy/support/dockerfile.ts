import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';

export interface Instruction { name: string; args: string; flags: Record<string, string> }

/** The instructions of a Dockerfile, in order; only what ours use. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n').map(line => line.trim()).filter(line => line !== '');
  return lines.map(line => {
    const [name = '', ...words] = line.split(/\s+/);
    const flags: Record<string, string> = {};
    while (words[0]?.startsWith('--')) {
      const [flag = '', value = ''] = (words.shift() ?? '').slice(2).split('=');
      flags[flag] = value;
    }
    return { name, args: words.join(' '), flags };
  });
}

/** An image that was made without Docker. */
export interface BuiltImage {
  /** What lies in `/` of the last stage, as far as the Dockerfile put it there. */
  root: string;
  /** Its working directory, in `root`. */
  workdir: string;
  env: Record<string, string>;
  /** The command that starts it, and the one that looks after it. */
  command: string[];
  healthcheck: string[];
  user: string;
  /** Steps that would have changed this machine, and were left out. */
  leftOut: string[];
}

export interface BuildOptions {
  file: string;
  /** The folder that COPY takes from, less what .dockerignore says. */
  context: string;
  /** Where to: an empty folder. */
  dir: string;
}

/** Carries out the steps of a Dockerfile in folders of this machine, each stage in one of its own, with this machine's programs instead of those of a base image. */
export function buildWithoutDocker({ file, context, dir }: BuildOptions): BuiltImage {
  const ignored = readIgnored(context);
  const stages = new Map<string, string>();
  const leftOut: string[] = [];
  let image: BuiltImage = fresh(join(dir, '0'));

  function fresh(root: string): BuiltImage {
    mkdirSync(root, { recursive: true });
    return { root, workdir: root, env: {}, command: [], healthcheck: [], user: 'root', leftOut };
  }

  function at(path: string): string {
    return path.startsWith('/') ? join(image.root, path) : resolve(image.workdir, path);
  }

  function copy({ args, flags }: Instruction): void {
    const words = args.split(' ');
    const target = words.pop() ?? '';
    const stage = flags['from'];
    for (const source of words) {
      const from = stage === undefined ? join(context, source) : join(stages.get(stage) ?? '', source);
      if (!existsSync(from)) throw new Error(`COPY ${args}: there is no ${source}`);
      const isFolder = execFileSync('sh', ['-c', 'test -d "$0" && echo yes || echo no', from], { encoding: 'utf8' }).trim() === 'yes';
      const to = isFolder || !target.endsWith('/') ? at(target) : join(at(target), basename(source));
      cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: path => stage !== undefined || !ignored(relative(context, path)) });
    }
  }

  const steps: Record<string, (instruction: Instruction) => void> = {
    ARG: () => undefined,
    FROM({ args }) {
      image = fresh(join(dir, String(stages.size)));
      stages.set(/ AS (\S+)/i.exec(args)?.[1] ?? 'last', image.root);
    },
    WORKDIR({ args }) {
      image.workdir = at(args);
      mkdirSync(image.workdir, { recursive: true });
    },
    COPY: copy,
    RUN({ args }) {
      if (/(^|\s)\//.test(args)) leftOut.push(args);
      else execFileSync('sh', ['-c', args], { cwd: image.workdir, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, npm_config_prefer_offline: 'true' } });
    },
    ENV({ args }) {
      for (const pair of args.split(' ')) image.env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1);
    },
    USER({ args }) { image.user = args; },
    EXPOSE: () => undefined,
    HEALTHCHECK({ args }) { image.healthcheck = JSON.parse(args.replace(/^CMD /, '')) as string[]; },
    ENTRYPOINT({ args }) { image.command = JSON.parse(args) as string[]; },
    CMD({ args }) { image.command.push(...JSON.parse(args) as string[]); },
  };
  for (const instruction of parseDockerfile(readFileSync(file, 'utf8'))) {
    const step = steps[instruction.name];
    if (!step) throw new Error(`${file} has an instruction that is not known here: ${instruction.name}`);
    step(instruction);
  }
  return image;
}

/** Whether a path of the context does not get to Docker; the kinds of patterns that ours has. */
export function readIgnored(context: string): (path: string) => boolean {
  const patterns = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'));
  const taken = patterns.filter(line => line.startsWith('!')).map(line => line.slice(1));
  const anywhere = patterns.filter(line => line.startsWith('**/')).map(line => new RegExp(`^${line.slice(3).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`));
  const exact = patterns.filter(line => /^\w/.test(line));
  return path => path !== '' && (!taken.includes(path.split('/')[0] ?? '')
    || path.split('/').some(part => anywhere.some(pattern => pattern.test(part)))
    || exact.some(prefix => path === prefix || path.startsWith(`${prefix}/`)));
}
