/** What the window with the versions shows. Nothing of a session, a person or a key. */
export interface AboutFacts {
  name: string;
  version: string;
  electron: string;
  chrome: string;
  node: string;
  platform: string;
  arch: string;
  device: string;
  /** The control server's address, or empty where this device is not enrolled. */
  server: string;
  organisation: string;
}

/** An object or function without a prototype, frozen: there is no way from it to a constructor. */
type Sealed = object;

export interface RemoteFacade {
  builtins: Readonly<Record<'app' | 'clipboard', Sealed>>;
  globals: Readonly<Record<'process' | 'sallyport', Sealed>>;
}

/** The few things that stand in for Electron's modules and main's globals. */
export function makeFacade(facts: AboutFacts, writeText: (text: string) => void): RemoteFacade {
  return {
    builtins: {
      app: seal({ getName: () => facts.name, getVersion: () => facts.version }),
      clipboard: seal({
        writeText: (text: unknown) => {
          if (typeof text === 'string') writeText(text);
        },
      }),
    },
    globals: {
      process: seal({
        versions: seal({ electron: facts.electron, chrome: facts.chrome, node: facts.node }),
        platform: facts.platform,
        arch: facts.arch,
      }),
      sallyport: seal({ device: facts.device, server: facts.server, organisation: facts.organisation }),
    },
  };
}

function seal(members: Readonly<Record<string, string | Sealed | ((text: unknown) => unknown)>>): Sealed {
  const sealed: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(members)) {
    sealed[name] = typeof member === 'function' ? Object.freeze(Object.setPrototypeOf(member, null)) : member;
  }
  return Object.freeze(sealed);
}
