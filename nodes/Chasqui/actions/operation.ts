import type { IExecuteFunctions, INodeExecutionData, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** One operation: its entry in the menu, its fields, and what it does for one item. The router owns the loop and the errors. */
export interface Operation {
  option: INodePropertyOptions & { value: string; action: string; description: string };
  fields: INodeProperties[];
  execute(this: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]>;
}

/** One resource: its entry in the menu, the menu of its operations, and the operations. */
export interface Resource {
  option: INodePropertyOptions & { value: string };
  menu: INodeProperties;
  operations: Operation[];
}
