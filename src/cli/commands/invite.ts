import { examples, type Register } from '../environment.ts';
import { facts, moment } from '../text.ts';

export const registerInvite: Register = (program, open) => {
  const command = program
    .command('invite')
    .summary('invite a person to enrol a device')
    .description(
      'Makes an invite: one device, once, within ten minutes. Hand it over where only that person reads it. The long form carries address and authority; the short code is for devices that have both by policy. Needs the role engineer.',
    )
    .argument('<person>', 'the id of the person')
    .action(async (userId: string, _options: unknown, self) => {
      const session = open(self);
      const made = await session.client().call('invite', { body: { userId } });
      session.print(made, () =>
        facts([
          ['invite', made.invite],
          ['code', made.code],
          ['good until', `${moment(made.expiresAt)} UTC`],
        ]),
      );
    });
  examples(command, ['sallyport --socket data/control.sock --as sanna invite jonas']);
};
