import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStack, type Stack } from '../support/stack.js';
import { until } from '../support/until.js';

const PHONE = '15550007001';
const OTHER_PHONE = '15550007002';
const CONTACT = '15550007003';
const STRANGER = '15550007004';

interface Backup { backupId: string; cause: string; phoneNumber?: string; restorable: boolean; endedAt?: string }

describe('backups of a session', { timeout: 60_000 }, () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack();
    await stack.pair('demo', PHONE);
  });
  afterEach(() => stack?.stop());

  const post = (path: string, status: number, body?: unknown) => stack.api.post(`/instances/demo/${path}`, body, status) as Promise<Record<string, unknown>>;
  const backups = async () => (await stack.api.get('/instances/demo/backups') as { backups: Backup[] }).backups;
  const latest = async () => {
    const [backup] = await backups();
    if (!backup) throw new Error('there is no backup');
    return backup;
  };
  const restore = ({ backupId }: Backup, status = 200) => post(`backups/${backupId}/restore`, status);
  const send = async (text: string, to = CONTACT) => {
    const { messageId } = await post('messages/text', 201, { to, text });
    await until(`${to} can read "${text}"`, () => stack.simulator.contacts.received(to).some(message => message.messageId === messageId && message.text === text));
  };
  const receive = async (text: string, from = CONTACT) => {
    const { messageId } = await stack.simulator.contacts.write(from, { to: PHONE, text });
    await until(`"${text}" has arrived`, async () => (await stack.api.raw(`/instances/demo/messages/${messageId}`)).status === 200);
  };
  const keyUploads = () => stack.simulator.log({ event: 'in', phone: PHONE }).filter(({ stanza }) => stanza?.attrs['xmlns'] === 'encrypt' && stanza.attrs['type'] === 'set' && stanza.children?.includes('skey')).length;

  it('bring the identity back without a scan, and every chat goes on both ways', async () => {
    // A chat with sessions in both directions, which go on after the backup.
    await send('before');
    await receive('before, too');
    const made = await post('backups', 201) as unknown as Backup;
    expect(made).toMatchObject({ cause: 'manual', phoneNumber: PHONE, restorable: true });
    await send('after the backup');
    await receive('after the backup, too');
    await stack.stopGateway();
    await stack.restartGateway();
    await stack.api.untilStatus('demo', 'CONNECTED');
    expect(await restore(made, 409)).toMatchObject({ code: 'backup_not_restorable', reason: 'in_use' });
    await post('disconnect', 200);

    // While it is away, the contact writes with the session that is going to be dropped.
    const missed = await stack.simulator.contacts.write(CONTACT, { to: PHONE, text: 'meanwhile' });
    expect(await restore(made)).toMatchObject({ status: 'DISCONNECTED', reason: 'restored' });
    expect((await backups()).map(({ cause }) => cause)).toEqual(['restore', 'manual']);
    const uploads = keyUploads();
    expect(await post('connect', 200)).toMatchObject({ status: 'CONNECTED' });
    expect(keyUploads()).toBe(uploads + 1);
    await until('what was written meanwhile has arrived', async () => (await stack.api.raw(`/instances/demo/messages/${missed.messageId}`)).status === 200);
    await send('restored');
    await receive('and heard');
    await receive('nice to meet you', STRANGER);
    await send('and you', STRANGER);
    expect(stack.simulator.phones.get(PHONE).devices).toHaveLength(1);
    expect(stack.complaints.filter(({ fatal }) => fatal)).toEqual([]);
  });

  it('are made of what a logout deletes, and restorable if WhatsApp did not hear of it', async () => {
    await post('disconnect', 200);
    await post('logout', 200);
    const backup = await latest();
    expect(backup).toMatchObject({ cause: 'logout', phoneNumber: PHONE, restorable: true });
    expect(await restore(backup)).toMatchObject({ status: 'DISCONNECTED', reason: 'restored' });
    expect(await post('connect', 200)).toMatchObject({ status: 'CONNECTED' });
    await send('here again');
  });

  it('are refused after a log-out, by the user or on the phone, and so are the earlier ones', async () => {
    await post('backups', 201);
    await post('logout', 200);
    expect(await backups()).toMatchObject([{ cause: 'logout', restorable: false }, { cause: 'manual', restorable: false }]);
    expect(await restore(await latest(), 409)).toMatchObject({ code: 'backup_not_restorable', reason: 'unlinked' });

    const { qr } = await post('connect', 200) as { qr: string };
    await stack.simulator.phones.scan(PHONE, qr);
    await stack.api.untilStatus('demo', 'CONNECTED');
    stack.simulator.faults.add({ kind: 'logged-out' });
    await stack.api.untilStatus('demo', 'LOGGED_OUT');
    await until('it is kept', async () => (await backups()).length === 3);
    const backup = await latest();
    expect(backup).toMatchObject({ cause: 'logged_out', restorable: false });
    const audited = async () => (await stack.api.get('/audit?action=session.delete_credentials') as { entries: object[] }).entries;
    await until('it is noted', async () => (await audited()).length > 0);
    expect(await audited()).toMatchObject([{ actor: { id: 'gateway' }, instanceId: 'demo', outcome: 'ok', detail: { cause: 'logged_out' } }]);
    expect(await restore(backup, 409)).toMatchObject({ reason: 'unlinked' });
  });

  it('of another account are refused', async () => {
    await post('disconnect', 200);
    await post('logout', 200);
    const backup = await latest();
    stack.simulator.phones.add(OTHER_PHONE);
    const { qr } = await post('connect', 200) as { qr: string };
    await stack.simulator.phones.scan(OTHER_PHONE, qr);
    await stack.api.untilStatus('demo', 'CONNECTED');
    await post('disconnect', 200);
    expect(await restore(backup, 409)).toMatchObject({ reason: 'other_account' });
  });

  it('can be deleted, and cannot be made of nothing', async () => {
    const made = await post('backups', 201) as unknown as Backup;
    await stack.api.remove(`/instances/demo/backups/${made.backupId}`, 204);
    expect(await stack.api.remove(`/instances/demo/backups/${made.backupId}`, 404)).toMatchObject({ code: 'backup_not_found' });
    expect(await restore(made, 404)).toMatchObject({ code: 'backup_not_found' });
    await stack.api.post('/instances', { instanceId: 'empty' }, 201);
    expect(await stack.api.post('/instances/empty/connect', undefined, 200)).toMatchObject({ status: 'QR_READY' });
    expect(await stack.api.post('/instances/empty/backups', undefined, 409)).toMatchObject({ code: 'no_session' });
    await stack.api.post('/instances/empty/logout', undefined, 200);
    expect(await stack.api.get('/instances/empty/backups')).toEqual({ backups: [] });
  });

  it('the history of the connection outlives a deletion that is undone', async () => {
    const history = async (query = '') => await stack.api.get(`/instances/demo/connection-history${query}`) as { history: { status: string; reason: string }[]; next?: string };
    const reasons = (await history()).history.map(({ reason }) => reason);
    expect(reasons[0]).toBe('connected');
    expect(reasons).toContain('waiting_for_scan');
    await stack.api.remove('/instances/demo');
    const deleted = await history();
    expect(deleted.history[0]).toMatchObject({ status: 'DISCONNECTED', reason: 'deleted' });
    const first = await history('?limit=1');
    expect((await history(`?limit=1&cursor=${first.next}`)).history).toEqual([deleted.history[1]]);
    await post('restore', 200);
    await post('connect', 200);
    await stack.api.untilStatus('demo', 'CONNECTED');
    await until('it is noted', async () => (await history()).history.length === deleted.history.length + 2);
    await stack.api.remove('/instances/demo?purge=true', 204);
    await stack.api.get('/instances/demo/connection-history', 404);
  });
});
