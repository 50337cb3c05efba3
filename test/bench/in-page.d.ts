/** What the functions that run in the launcher's page need of it; the benches themselves run under Node. */
declare const document: {
  addEventListener(
    name: 'keydown',
    listener: (event: { key: string; timeStamp: number }) => void,
    capture: boolean,
  ): void;
  querySelectorAll(selector: string): Iterable<{ getAttribute(name: string): string | null }>;
};
declare function requestAnimationFrame(callback: () => void): number;
