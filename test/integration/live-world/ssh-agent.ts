import { createServer, type Server, type Socket } from 'node:net';
import { concat, SshReader, sshString, sshUint32 } from '../../../src/recording/signatures/wire.ts';

/**
 * An SSH agent (draft-miller-ssh-agent) that holds no key: it offers the session's certificate to OpenSSH's own client, remembers the binding that
 * the client tells it (`session-bind@openssh.com`: host key, session id, the host's signature) and lets `sign` make the signature.
 */
export interface Binding {
  hostKey: Buffer;
  sshSessionId: Buffer;
  hostSignature: Buffer;
}

const failure = Buffer.from([5]);
const success = Buffer.from([6]);

export async function startAgent(options: {
  path: string;
  certificate: Buffer;
  sign(binding: Binding, toSign: Buffer): Promise<Buffer | null>;
}): Promise<Server> {
  let binding: Binding | null = null;

  async function answer(message: Buffer): Promise<Buffer> {
    const reader = new SshReader(message);
    switch (reader.byte()) {
      case 11:
        return concat(Buffer.from([12]), sshUint32(1), sshString(options.certificate), sshString('session'));
      case 13: {
        reader.string();
        const signature = binding === null ? null : await options.sign(binding, Buffer.from(reader.string()));
        return signature === null ? failure : concat(Buffer.from([14]), sshString(signature));
      }
      case 27: {
        if (reader.text() !== 'session-bind@openssh.com') return failure;
        binding = { hostKey: reader.string(), sshSessionId: reader.string(), hostSignature: reader.string() };
        return success;
      }
      default:
        return failure;
    }
  }

  async function serve(socket: Socket): Promise<void> {
    let held = Buffer.alloc(0);
    for await (const chunk of socket) {
      held = Buffer.concat([held, chunk as Buffer]);
      while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
        const length = held.readUInt32BE(0);
        const reply = await answer(Buffer.from(held.subarray(4, 4 + length)));
        held = held.subarray(4 + length);
        socket.write(sshString(reply));
      }
    }
  }

  const server = createServer((socket) => void serve(socket).catch(() => undefined));
  await new Promise<void>((resolve) => server.listen(options.path, resolve));
  return server;
}
