import type { IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { nodeProperties } from './actions/resources';
import { router } from './actions/router';
import { listSearch } from './methods';

/** Sends WhatsApp messages and manages WhatsApp accounts through a Chasqui gateway. */
export class Chasqui implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Chasqui',
    name: 'chasqui',
    icon: { light: 'file:../../icons/chasqui.svg', dark: 'file:../../icons/chasqui.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
    description: 'Send WhatsApp messages and manage WhatsApp accounts',
    defaults: { name: 'Chasqui' },
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    usableAsTool: true,
    credentials: [{ name: 'chasquiApi', required: true }],
    properties: nodeProperties(),
  };

  methods = { listSearch };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await router.call(this);
  }
}
