import { searchInstances } from './searchInstances';

export const listSearch = { searchInstances };
