import { afterEach, expect, test } from 'vitest';
import { openTracer } from '@gateway/adapters/opentelemetry/open-tracer.js';
import { createSystemClock } from '@gateway/adapters/system/clock.js';
import { collectingLogger } from '../../support/logger.js';
import { startTraceCollector, type TraceCollector } from '../../support/trace-collector.js';
import { until } from '../../support/until.js';

let collector: TraceCollector | null = null;
afterEach(async () => { await collector?.close(); });

async function open(status: number | null, after = createSystemClock().after) {
  collector = await startTraceCollector(status);
  const lines: Record<string, unknown>[] = [];
  const url = `${collector.url}/v1/traces?key=secret`;
  return { ...openTracer({ url, serviceName: 'test', version: '0', clock: { after }, logger: collectingLogger(lines, 'info') }), collector, lines };
}

test('a stop does not wait for a collector that says nothing', async () => {
  let timeIsUp = () => {};
  const { tracer, close, collector: { bodies } } = await open(null, (_ms, work) => {
    timeIsUp = work;
    return () => {};
  });
  await tracer.run('work', {}, async () => {});
  const closed = close();
  await until('it was asked', () => bodies.length === 1);
  timeIsUp();
  await closed;
});

test('a collector that refuses is told of once, without its address', async () => {
  const { tracer, close, lines } = await open(400);
  await tracer.run('work', {}, async () => {});
  await close();
  expect(lines.map(({ level }) => level)).toEqual([40]);
  expect(JSON.stringify(lines)).not.toMatch(/secret|127\.0\.0\.1/);
});

test('what fails is marked with its kind, and throws what it threw', async () => {
  const { tracer, close, collector: { spans, bodies } } = await open(200);
  const failure = new TypeError('to 15550001111');
  await expect(tracer.run('work', {}, () => Promise.reject(failure))).rejects.toBe(failure);
  await close();
  expect(spans).toMatchObject([{ name: 'work', attributes: { 'error.type': 'TypeError' }, status: { code: 2 } }]);
  expect(bodies.join()).not.toContain('15550001111');
});

test.each([
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', true],
  ['cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what.will-be', true],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more', false],
  ['ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', false],
  ['00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01', false],
  ['nonsense', false],
])('the trace of %s is continued: %s', async (traceparent, continued) => {
  const { tracer, close } = await open(200);
  const inside = await tracer.run('outside', {}, () => tracer.continueFrom(traceparent, 'work', {}, async () => tracer.current()));
  expect(inside).toMatch(continued ? /^00-4bf92f3577b34da6a3ce929d0e0e4736-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$/ : /^00-(?!4bf92f3577b34da6a3ce929d0e0e4736)[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(tracer.current()).toBeNull();
  await close();
});
