/**
 * One raw channel each way carries the whole table of ipc.ts. Apart from the schemas, so that the preload carries no schema library.
 */
export const ipcChannels = { request: 'sallyport:request', event: 'sallyport:event', port: 'sallyport:port' } as const;
