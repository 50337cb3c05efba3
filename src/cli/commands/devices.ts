import { examples, type Register } from '../environment.ts';
import { wholeId } from '../session-id.ts';
import { moment, table } from '../text.ts';

export const registerDevices: Register = (program, open) => {
  const devices = program
    .command('devices')
    .summary('enrolled devices: see them, take their access')
    .description('Your own enrolled devices; all of them for whoever administers.');
  const list = devices
    .command('list')
    .description('Prints the devices that have access.')
    .action(async (_options: unknown, self) => {
      const session = open(self);
      const { devices: found } = await session.client().call('listDevices', {});
      session.print({ devices: found }, () =>
        table(
          ['DEVICE', 'PERSON', 'NAME', 'ENROLLED (UTC)'],
          found.map((device) => [device.id, device.user.name, device.name, moment(device.enrolledAt)]),
          'No devices.',
        ),
      );
    });
  examples(list, ['sallyport --as sanna devices list']);
  const revoke = devices
    .command('revoke')
    .description(
      'Takes the access of a device for good: its connections close at once and its sessions end. Enrolling it again needs a new invite.',
    )
    .argument('<device>', 'the id of the device, or at least its first 6 characters')
    .action(async (typed: string, _options: unknown, self) => {
      const session = open(self);
      const client = session.client();
      const deviceId = await wholeId(typed, async () =>
        (await client.call('listDevices', {})).devices.map(({ id }) => id),
      );
      await client.call('revokeDevice', { params: { deviceId } });
      session.print({ revoked: deviceId }, () => `Device ${deviceId} has lost its access.\n`);
    });
  examples(revoke, ['sallyport --as sanna devices revoke 0b7c2f4e']);
};
