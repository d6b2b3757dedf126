import type { IDataObject, IHookFunctions, ITriggerFunctions } from 'n8n-workflow';

/** A webhook that this node made at the gateway. Which one it is there is found by its URL. */
export interface Registration extends IDataObject {
  instanceId: string;
  secret: string;
  /** As it was asked for; the gateway keeps it in another spelling. */
  filter?: IDataObject;
  /** Made for the editor, which listens for one event. */
  isTest?: boolean;
}

// Static data is kept by URL: the test URL and the production URL are two webhooks with two secrets. It is written as a
// whole, because n8n notices changes at its first level.

type Registrations = Partial<Record<string, Registration>>;

export function registrationsOf(staticData: IDataObject): Registrations {
  return (staticData.registrations ?? {}) as Registrations;
}

/** The webhook of the published workflow, with its URL. */
export function productionRegistration(context: ITriggerFunctions): [url: string, registration: Registration] | undefined {
  return entries(context.getWorkflowStaticData('node')).find(([, { isTest }]) => isTest !== true);
}

/** The secrets that a genuine request may be signed with. */
export function secretsOf(staticData: IDataObject): string[] {
  return entries(staticData).map(([, { secret }]) => secret);
}

export function remember(context: IHookFunctions, url: string, registration: Registration): void {
  const staticData = context.getWorkflowStaticData('node');
  staticData.registrations = { ...registrationsOf(staticData), [url]: registration };
}

export function forget(context: IHookFunctions, url: string): void {
  const staticData = context.getWorkflowStaticData('node');
  staticData.registrations = Object.fromEntries(entries(staticData).filter(([known]) => known !== url));
}

function entries(staticData: IDataObject): [string, Registration][] {
  return Object.entries(registrationsOf(staticData)) as [string, Registration][];
}
