// Composition root of the preload: the one bridge of the launcher's window. It forwards and decides nothing; main validates.
import { contextBridge, ipcRenderer } from 'electron';
import { makeBridge } from './bridge.ts';

const bridge = makeBridge({
  invoke: (channel, name, body) => ipcRenderer.invoke(channel, name, body),
  listen: (channel, listener) => {
    ipcRenderer.on(channel, (event, first: unknown, second: unknown) =>
      listener({ ports: event.ports, first, second }),
    );
  },
  postToPage: (message, ports) => window.postMessage(message, window.location.origin, ports),
});

contextBridge.exposeInMainWorld('sallyport', bridge);
