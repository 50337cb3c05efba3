import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Server, utils } from 'ssh2';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type BrokerProtocol, wipe } from './broker-protocol.ts';
import { loginByPassword } from './password-login.ts';

const pair = utils.generateKeyPairSync('ed25519');
const taken: string[] = [];
let server: Server;
let socket: Socket;

beforeAll(async () => {
  server = new Server(
    { hostKeys: [pair.private], algorithms: { cipher: ['aes128-gcm@openssh.com'] } },
    (connection) => {
      connection.on('error', () => undefined);
      connection.on('authentication', (context) => {
        taken.push(context.method);
        if (context.method === 'none') context.reject(['password']);
        else context.accept();
      });
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => socket.destroy());
afterAll(() => server.close());

/** A login whose password has been asked for and comes when told. */
async function asked(): Promise<{ protocol: BrokerProtocol; secret: Buffer; give(): Promise<void> }> {
  const secret = Buffer.from('only for a moment');
  const wait = Promise.withResolvers<void>();
  const given = Promise.withResolvers<Buffer>();
  socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const protocol = loginByPassword({
    login: 'admin',
    hostKeys: [pair.public.split(' ').slice(0, 2).join(' ')],
    prompt: null,
    password() {
      wait.resolve();
      return given.promise;
    },
    write: (bytes) => void socket.write(bytes),
    loggedIn: () => undefined,
    refused: () => undefined,
  });
  socket.on('data', (bytes) => protocol.parse(bytes, 0, bytes.length));
  protocol.start();
  await wait.promise;
  return {
    protocol,
    secret,
    async give() {
      given.resolve(secret);
      await new Promise(setImmediate);
    },
  };
}

// The target has begun a re-exchange, which never ends: the password may not go out before.
const exchanging = Buffer.alloc(1);

it('overwrites a password that waits for an exchange when the login is given up', async () => {
  const { protocol, secret, give } = await asked();
  protocol._kexinit = exchanging;
  await give();
  expect(secret.toString()).toBe('only for a moment');
  wipe(protocol);
  expect(secret).toEqual(Buffer.alloc(secret.length));
});

it('overwrites a password that comes when the login is given up already', async () => {
  const { protocol, secret, give } = await asked();
  protocol._kexinit = exchanging;
  wipe(protocol);
  await give();
  expect(secret).toEqual(Buffer.alloc(secret.length));
  expect(taken).not.toContain('password');
});
