import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INSTANCE, instanceId, openScene, type Scene } from './support/scene.js';
import { CHASQUI, CHASQUI_TRIGGER } from './support/workflows.js';

describe('the list of the field Instance', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
    await scene.stack.api.post('/instances', { instanceId: 'sales', name: 'Sales Team' }, 201);
  });
  afterAll(async () => { await scene?.close(); });

  const search = async (nodeType: string, filter?: string) => (await scene.n8n.listSearch({
    nodeType, version: 1, path: 'parameters.instanceId', method: 'searchInstances', parameters: { instanceId },
    credentials: { chasquiApi: { id: scene.credential.id, name: scene.credential.name } },
    ...(filter === undefined ? {} : { filter }),
  })).results;

  it.each([CHASQUI, CHASQUI_TRIGGER])('shows the gateway\'s instances with name and status in %s', async nodeType => {
    expect(await search(nodeType)).toEqual([
      { name: INSTANCE, value: INSTANCE, description: 'Connected' },
      { name: 'Sales Team (sales)', value: 'sales', description: 'Disconnected' },
    ]);
  });

  it('finds by name', async () => {
    expect(await search(CHASQUI, 'team')).toMatchObject([{ value: 'sales' }]);
  });
});
