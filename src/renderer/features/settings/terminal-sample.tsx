import type { ReactNode } from 'react';
import type { Settings } from '../../../shared/protocol/ipc.ts';
import { cx } from '../../components/primitives.tsx';
import { toneText } from '../../components/tone.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import css from './settings.module.css';

const sample = ['deploy@pay-stage-01:~$ systemctl status nginx', 'nginx.service: failed, warning: permission denied'];

/** The text in pieces, with those of the words that are coloured as elements. */
function coloured(text: string, settings: Settings): ReactNode {
  const words = settings.highlight ? settings.highlightWords.filter((each) => each.word !== '') : [];
  if (words.length === 0) return text;
  const pattern = new RegExp(
    `(${words.map(({ word }) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`,
    'gi',
  );
  return text.split(pattern).map((piece, at) => {
    const found = words.find(({ word }) => word.toLowerCase() === piece.toLowerCase());
    return found === undefined ? (
      piece
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line have no other name
      <span key={at} className={toneText(found.tone)}>
        {piece}
      </span>
    );
  });
}

const cursors: Record<Settings['cursor'], string | undefined> = {
  block: css.cursorBlock,
  bar: css.cursorBar,
  underline: css.cursorUnderline,
};

/** How a terminal looks with these settings. */
export function TerminalSample() {
  const { settings } = useServices();
  const now = useStore(settings.settings);
  return (
    <div className={css.sample} style={{ fontSize: now.fontSize }} role="img" aria-label="How a terminal looks">
      {sample.map((line) => (
        <div key={line}>{coloured(line, now)}</div>
      ))}
      <div>
        deploy@pay-stage-01:~$ <span className={cx(css.cursor, cursors[now.cursor])}>&nbsp;</span>
      </div>
    </div>
  );
}
