/** Each of these is in the record; what comes after is counted. */
const markedEach = 20;
/** No honest target opens even one. Each refusal is an answer that a hostile one need not read, so the memory for them must have an end. */
const atMost = 1000;

/** Takes the channels that a target tried to open, which are refused already. `tooMany` is called once, when there is no end of them. */
export function makeChannelRefusals(effects: {
  mark(kind: string, text: string): void;
  tooMany(): void;
}): (type: string) => void {
  let count = 0;
  return (type) => {
    count += 1;
    if (count <= markedEach)
      effects.mark('channel-refused', `The target tried to open a channel (${type.slice(0, 60)}); it was refused.`);
    if (count === markedEach + 1)
      effects.mark(
        'channel-refused',
        'The target goes on trying to open channels; they are refused and not listed any more.',
      );
    if (count === atMost) effects.tooMany();
  };
}
