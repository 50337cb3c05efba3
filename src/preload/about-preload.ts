// Composition root of the other preload: the window with versions and licences. The one place that has @electron/remote; main answers it with the few
// texts below and nothing else (src/main/ipc/remote-gate.ts). The page gets two functions, never the package.
import { app, clipboard, getGlobal, process as mainProcess } from '@electron/remote';
import { contextBridge } from 'electron';
import type { AboutBridge } from '../shared/protocol/about.ts';

const bridge: AboutBridge = {
  facts: () => {
    const { versions, platform, arch } = mainProcess;
    const { device, server, organisation } = getGlobal('sallyport') as Record<
      'device' | 'server' | 'organisation',
      string
    >;
    return {
      name: app.getName(),
      version: app.getVersion(),
      electron: versions.electron ?? '',
      chrome: versions.chrome ?? '',
      node: versions.node,
      platform,
      arch,
      device,
      server,
      organisation,
    };
  },
  copy: (text) => void clipboard.writeText(String(text)),
};

contextBridge.exposeInMainWorld('sallyportAbout', bridge);
