/** One line of an exposition. */
export interface Sample { name: string; labels: Record<string, string>; value: number }

export interface Samples {
  /** The value of the sample with exactly these labels; undefined where there is none. */
  get(name: string, labels?: Record<string, string>): number | undefined;
  of(name: string): Sample[];
  all: Sample[];
  /** Names of all metrics that are described, whether they have samples or not. */
  names(): string[];
  size: number;
}

/** Reads Prometheus' text format, version 0.0.4. @throws Error at a line that is none */
export function readSamples(text: string): Samples {
  const lines = text.split('\n').filter(line => line !== '');
  const all = lines.filter(line => !line.startsWith('#')).map(readLine);
  const sameLabels = (one: Record<string, string>, other: Record<string, string>) =>
    JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
  return {
    get: (name, labels = {}) => all.find(sample => sample.name === name && sameLabels(sample.labels, labels))?.value,
    of: name => all.filter(sample => sample.name === name),
    all,
    names: () => lines.flatMap(line => /^# TYPE (\S+)/.exec(line)?.[1] ?? []),
    size: all.length,
  };
}

function readLine(line: string): Sample {
  const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`No sample: ${line}`);
  return {
    name,
    labels: Object.fromEntries([...labels.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])),
    value: value === '+Inf' ? Infinity : Number(value),
  };
}
