export { boundSequences } from '../../shared/terminal/bounded-sequences.ts';
