import type { SallyportBridge } from '../shared/protocol/ipc.ts';
import type { TestHooks } from './app/test-hooks.ts';

declare global {
  interface Window {
    readonly sallyport: SallyportBridge;
    __sallyportTest?: TestHooks;
  }
}
