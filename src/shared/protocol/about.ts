/** What the preload of the window with versions and licences gives its page: `window.sallyportAbout`. */
export interface AboutBridge {
  facts(): {
    name: string;
    version: string;
    electron: string;
    chrome: string;
    node: string;
    platform: string;
    arch: string;
    device: string;
    server: string;
    organisation: string;
  };
  copy(text: string): void;
}

/** One entry of licences.json, which the build makes (scripts/lib/licences.mjs). `version` is empty for what the facts name. */
export interface LicenceEntry {
  name: string;
  version: string;
  licence: string;
  text: string;
}
