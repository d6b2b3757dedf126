import { describe, expect, it } from 'vitest';
import { initialConnection, transition, type ConnectionEvent } from '@gateway/domain/instances/connection.js';
import { createFactReporter, createSessionFacts, type SessionFact } from '@gateway/usecases/sessions/observe-session.js';
import { collectingLogger } from '../../support/logger.js';

function play() {
  let now = 0;
  const facts: SessionFact[] = [];
  const report = createFactReporter('demo', fact => facts.push(fact), { elapsed: () => now });
  let state = initialConnection('DISCONNECTED', 'created');
  return {
    facts,
    step(event: ConnectionEvent, afterMs = 0) {
      now += afterMs;
      const step = transition(state, event);
      report(state, event, step);
      ({ state } = step);
    },
    socket: () => state.socket,
  };
}

describe('the facts of a session', () => {
  it('tell how long a pairing took: to the code, to the scan, and from there to the connection', () => {
    const { facts, step, socket } = play();
    step({ type: 'connect', paired: false });
    step({ type: 'qr', socket: socket() }, 300);
    step({ type: 'qr', socket: socket() }, 20_000);
    step({ type: 'paired', socket: socket() }, 5_000);
    step({ type: 'closed', socket: socket(), cause: 'restart_required' }, 10);
    step({ type: 'retry', socket: socket() });
    step({ type: 'open', socket: socket() }, 700);
    expect(facts).toEqual([
      { instanceId: 'demo', type: 'connect_started', paired: false, again: false },
      { instanceId: 'demo', type: 'qr_shown', afterMs: 300 },
      { instanceId: 'demo', type: 'scanned', afterMs: 25_000 },
      { instanceId: 'demo', type: 'closed', cause: 'restart_required', wasConnected: false },
      { instanceId: 'demo', type: 'reconnect_scheduled', cause: 'restart_required', delayMs: 0 },
      { instanceId: 'demo', type: 'connect_started', paired: true, again: true },
      { instanceId: 'demo', type: 'opened', afterMs: 710, since: 'scanned' },
    ]);
  });

  it('tell a lost connection from an attempt that failed, and how long each attempt took', () => {
    const { facts, step, socket } = play();
    step({ type: 'connect', paired: true });
    step({ type: 'open', socket: socket() }, 200);
    step({ type: 'closed', socket: socket(), cause: 'connection_lost' }, 60_000);
    step({ type: 'retry', socket: socket() }, 1_000);
    step({ type: 'timeout', socket: socket() }, 20_000);
    step({ type: 'retry', socket: socket() }, 4_000);
    step({ type: 'open', socket: socket() }, 150);
    expect(facts.map(({ type }) => type)).toEqual([
      'connect_started', 'opened', 'closed', 'reconnect_scheduled', 'connect_started', 'closed', 'reconnect_scheduled', 'connect_started', 'opened',
    ]);
    expect(facts.filter(({ type }) => type === 'closed')).toEqual([
      { instanceId: 'demo', type: 'closed', cause: 'connection_lost', wasConnected: true },
      { instanceId: 'demo', type: 'closed', cause: 'timed_out', wasConnected: false },
    ]);
    expect(facts.at(-1)).toMatchObject({ afterMs: 150, since: 'connect_started' });
  });

  it('tell that nobody scanned, and nothing of what an older socket says', () => {
    const { facts, step, socket } = play();
    step({ type: 'connect', paired: false });
    step({ type: 'qr', socket: socket() });
    step({ type: 'closed', socket: 0, cause: 'logged_out' });
    step({ type: 'timeout', socket: socket() }, 120_000);
    expect(facts.slice(2)).toEqual([{ instanceId: 'demo', type: 'expired', by: 'timer', reason: 'qr_expired' }]);
  });

  it('reach every listener, whatever another one does', () => {
    const heard: string[] = [];
    const hub = createSessionFacts(collectingLogger([], 'fatal'));
    hub.listen(() => { throw new Error('broken'); });
    hub.listen(fact => heard.push(fact.type));
    hub.observe({ instanceId: 'demo', type: 'deaf' });
    expect(heard).toEqual(['deaf']);
  });
});
