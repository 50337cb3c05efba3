/** Small pictures travel inside the bundle (Vite's library mode inlines them): a data address. */
declare module '*.png' {
  const url: string;

  // biome-ignore lint/style/noDefaultExport: how Vite gives it
  export { url as default };
}
