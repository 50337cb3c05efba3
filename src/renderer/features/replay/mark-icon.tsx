import { Bookmark, Eye, Flag, LogOut, Maximize2, MessageSquare, MoveRight, Type } from 'lucide-react';
import type { ReactNode } from 'react';
import { assertNever } from '../../../shared/errors/result.ts';
import { CutIcon, SnowflakeIcon } from '../../components/icons/icons.tsx';
import type { MarkSubject } from './mark-words.ts';

export type MomentIcon = MarkSubject | 'bookmark' | 'finding' | 'idle';

/** The drawing of a mark or a note, in the timeline and in the lists. */
export function momentIcon(what: MomentIcon, size = 12): ReactNode {
  const drawn = { size, strokeWidth: 1.8, 'aria-hidden': true } as const;
  switch (what) {
    case 'resize':
      return <Maximize2 {...drawn} />;
    case 'marker':
      return <MessageSquare {...drawn} />;
    case 'exit':
      return <LogOut {...drawn} />;
    case 'input':
      return <Type {...drawn} />;
    case 'watch':
      return <Eye {...drawn} />;
    case 'freeze':
      return <SnowflakeIcon size={size + 1} />;
    case 'kill':
      return <CutIcon size={size + 2} />;
    case 'bookmark':
      return <Bookmark {...drawn} />;
    case 'finding':
      return <Flag {...drawn} />;
    case 'idle':
      return <MoveRight {...drawn} strokeDasharray="3 2" />;
    default:
      return assertNever(what);
  }
}
