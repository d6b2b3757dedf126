import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ICredentialType, INodeType, INodeTypes } from 'n8n-workflow';
import { core } from './n8n.js';

export const packFolder = fileURLToPath(new URL('../../../', import.meta.url));

export interface Pack {
  nodes: { chasqui: INodeType; chasquiTrigger: INodeType };
  credential: ICredentialType;
  nodeTypes: INodeTypes;
}

/** Hands items on as they came: where a test's workflow starts. */
const start: INodeType = {
  description: {
    displayName: 'Start', name: 'start', group: ['input'], version: 1, description: '', defaults: { name: 'Start' },
    inputs: ['main'], outputs: ['main'], properties: [],
  },
  async execute() {
    return [this.getInputData()];
  },
};

/** Loads the built pack with n8n's own loader, which checks the paths and classes of the manifest. */
export async function loadPack(): Promise<Pack> {
  if (!existsSync(`${packFolder}dist/nodes`)) throw new Error('The node pack is not built: run npm run build:nodes');
  const loader = new core.PackageDirectoryLoader(packFolder);
  await loader.loadAll();
  const chasqui = loader.getNode('chasqui').type as INodeType;
  const chasquiTrigger = loader.getNode('chasquiTrigger').type as INodeType;
  const known: Record<string, INodeType> = {
    'n8n-nodes-chasqui.chasqui': chasqui,
    'n8n-nodes-chasqui.chasquiTrigger': chasquiTrigger,
    'test.start': start,
  };
  const find = (type: string): INodeType => {
    const found = known[type];
    if (found === undefined) throw new Error(`No node type ${type}`);
    return found;
  };
  return {
    nodes: { chasqui, chasquiTrigger },
    credential: loader.getCredential('chasquiApi').type,
    nodeTypes: { getByName: find, getByNameAndVersion: find, getKnownTypes: () => ({}) },
  };
}
