import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPack, packFolder, type Pack } from './support/pack.js';

const RESOURCES: Record<string, string[]> = {
  deadLetter: ['discard', 'getAll', 'retry'],
  instance: ['connect', 'create', 'getAll', 'getQrCode', 'getStatus'],
  message: ['cancel', 'getStatus', 'sendLocation', 'sendMedia', 'sendText'],
};
const manifest = JSON.parse(readFileSync(join(packFolder, 'package.json'), 'utf8')) as Record<string, unknown>;

let pack: Pack;
beforeAll(async () => { pack = await loadPack(); });

const properties = (): INodeProperties[] => pack.nodes.chasqui.description.properties;
const shown = (property: INodeProperties, by: string): unknown[] => property.displayOptions?.show?.[by] ?? [];
const optionsOf = (property: INodeProperties): INodePropertyOptions[] => property.options as INodePropertyOptions[];

describe('what is published', () => {
  test('has no runtime dependency and carries the built files only', () => {
    expect(manifest['dependencies']).toBeUndefined();
    expect(manifest['peerDependencies']).toEqual({ 'n8n-workflow': '*' });
    expect(manifest['files']).toEqual(['dist']);
  });

  test.each(['Chasqui', 'ChasquiTrigger'])('%s has a codex file that finds it as WhatsApp', name => {
    const codex = JSON.parse(readFileSync(join(packFolder, 'dist/nodes', name, `${name}.node.json`), 'utf8')) as { node: string; categories: string[]; alias: string[] };
    expect(codex.node).toBe(`n8n-nodes-chasqui.${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    expect(codex.categories).toEqual(['Communication']);
    expect(codex.alias).toContain('WhatsApp');
  });

  test('has an icon for light and another one for dark', () => {
    const urls = [pack.nodes.chasqui, pack.nodes.chasquiTrigger].map(node => node.description.iconUrl as { light: string; dark: string });
    for (const { light, dark } of urls) {
      const [day, night] = [light, dark].map(url => readFileSync(join(packFolder, url.replace('icons/n8n-nodes-chasqui/', '')), 'utf8'));
      expect(day).toContain('<svg');
      expect(night).toContain('<svg');
      expect(day).not.toBe(night);
    }
    expect(existsSync(join(packFolder, 'dist/icons/chasqui.svg'))).toBe(true);
  });
});

describe('Chasqui', () => {
  test('is usable as a tool', () => {
    expect(pack.nodes.chasqui.description.usableAsTool).toBe(true);
  });

  test('has the resources and operations it promises, each with a sentence-case action', () => {
    const menus = properties().filter(property => property.name === 'operation');
    const found = Object.fromEntries(menus.map(menu => [String(shown(menu, 'resource')[0]), optionsOf(menu).map(option => option.value)]));
    expect(found).toEqual(RESOURCES);
    for (const option of menus.flatMap(optionsOf)) {
      expect(option.action, String(option.value)).toMatch(/^[A-Z]((?![A-Z][a-z]).)+$/);
      expect(option.description, String(option.value)).toMatch(/\w/);
    }
    for (const menu of menus) expect(optionsOf(menu).map(option => option.value)).toContain(menu.default);
  });

  test('shows every field for exactly one operation that exists, and by fields that the operation has', () => {
    const fields = properties().filter(property => !['resource', 'operation'].includes(property.name));
    expect(fields.length).toBeGreaterThan(15);
    for (const field of fields) {
      const [resource, ...others] = shown(field, 'resource') as string[];
      const operations = shown(field, 'operation') as string[];
      expect([others, operations.length], field.name).toEqual([[], 1]);
      expect(RESOURCES[resource ?? ''], field.name).toContain(operations[0]);
      const siblings = fields.filter(other => shown(other, 'resource')[0] === resource && shown(other, 'operation')[0] === operations[0]);
      expect(siblings.filter(other => other.name === field.name), field.name).toHaveLength(1);
      for (const [by, values] of Object.entries(field.displayOptions?.show ?? {})) {
        if (['resource', 'operation'].includes(by)) continue;
        const sibling = siblings.find(other => other.name === by);
        expect(sibling, `${field.name} is shown by ${by}`).toBeDefined();
        const possible = sibling?.type === 'boolean' ? [true, false] : optionsOf(sibling as INodeProperties).map(option => option.value);
        expect(possible).toEqual(expect.arrayContaining(values as unknown[]));
      }
    }
  });

  test('lets the instance be chosen from the list first, wherever there is one to choose', () => {
    const locators = [...properties(), ...pack.nodes.chasquiTrigger.description.properties].filter(property => property.name === 'instanceId');
    expect(locators).toHaveLength(12);
    for (const locator of locators) {
      expect(locator).toMatchObject({ type: 'resourceLocator', required: true, default: { mode: 'list', value: '' } });
      expect(locator.modes?.map(mode => mode.displayName)).toEqual(['From List', 'By ID']);
    }
    expect(Object.keys(pack.nodes.chasqui.methods?.listSearch ?? {})).toEqual(['searchInstances']);
    expect(Object.keys(pack.nodes.chasquiTrigger.methods?.listSearch ?? {})).toEqual(['searchInstances']);
  });
});

describe('Chasqui Trigger', () => {
  test('listens by its webhook and looks after it as a trigger; what comes in is handed on', () => {
    // n8n registers both for one node. In a test run it calls execute where there is one, and otherwise waits for the trigger.
    expect(pack.nodes.chasquiTrigger).toMatchObject({ webhook: expect.any(Function) as unknown, trigger: expect.any(Function) as unknown, execute: expect.any(Function) as unknown });
  });

  test('offers its events, and their settings only beside them', () => {
    const fields = pack.nodes.chasquiTrigger.description.properties;
    const events = fields.find(field => field.name === 'events') as INodeProperties;
    expect(optionsOf(events).map(option => option.value)).toEqual(['instance.alert', 'instance.status', 'message.ack', 'message.received']);
    const statuses = fields.find(field => field.name === 'statuses') as INodeProperties;
    expect(optionsOf(statuses).map(option => option.value).sort()).toEqual(['delivered', 'failed', 'played', 'read', 'sent']);
    expect(shown(statuses, 'events')).toEqual(['message.ack']);
    const download = fields.find(field => field.name === 'downloadMedia') as INodeProperties;
    expect(shown(download, 'events')).toEqual(['message.received']);
  });

  test('registers, finds and removes a webhook of its own', () => {
    expect(pack.nodes.chasquiTrigger.description.webhooks).toMatchObject([{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }]);
    expect(Object.keys(pack.nodes.chasquiTrigger.webhookMethods?.default ?? {}).sort()).toEqual(['checkExists', 'create', 'delete']);
  });
});
