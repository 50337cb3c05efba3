import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A TCP connection as the kernel lists it (proc_pid_net(5)). */
export interface Connection {
  localPort: number;
  remotePort: number;
  inode: string;
}

const established = '01';

/** Established TCP connections over IPv4 on this machine. */
export function connections(): Connection[] {
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local, remote, state] = fields;
      if (local === undefined || remote === undefined || state !== established) return [];
      const port = (address: string) => Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
      return [{ localPort: port(local), remotePort: port(remote), inode: fields[9] ?? '' }];
    });
}

/** The established connections that a process holds; none when it has gone. */
export function connectionsOf(pid: number): Connection[] {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  const inodes = new Set(
    names.flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  return connections().filter((each) => inodes.has(each.inode));
}

/** Connections with a server on `port`, seen from its clients. */
export function connectionsTo(port: number): Connection[] {
  return connections().filter((each) => each.remotePort === port);
}
