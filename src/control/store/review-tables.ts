import type { Finding, SearchHit, Severity } from '../../shared/model/review.ts';
import type { Moment, MomentOrNull } from './database.ts';

/** What people put beside recordings (migration 014), and the search index (015). The names of those who acted are kept as they were. */

export interface BookmarkTable {
  id: string;
  session_id: string;
  at_ms: number;
  text: string;
  by_id: string;
  by_name: string;
  at: Moment;
}

export interface FindingTable {
  id: string;
  session_id: string;
  at_ms: number;
  title: string;
  note: string;
  severity: Severity;
  state: Finding['state'];
  by_id: string;
  by_name: string;
  at: Moment;
  changed_by: string | null;
  changed_by_name: string | null;
  changed_at: MomentOrNull;
}

/** A row while the recording counts as reviewed. */
export interface ReviewTable {
  session_id: string;
  note: string;
  by_id: string;
  by_name: string;
  at: Moment;
}

/** Every hold there was; in force while it was not lifted, one of a recording at a time. */
export interface HoldTable {
  id: string;
  session_id: string;
  reason: string;
  by_id: string;
  by_name: string;
  at: Moment;
  lifted_at: MomentOrNull;
  lifted_by: string | null;
  lifted_by_name: string | null;
  lift_reason: string | null;
}

/** Lines of one text segment: `folded` for the index, `text` as they were, both separated by line feeds; `times`: their milliseconds, separated by spaces. */
export interface SearchBlockTable {
  session_id: string;
  seq: number;
  place: number;
  kind: SearchHit['kind'];
  folded: string;
  text: string;
  times: string;
}

export interface ReviewTables {
  recording_bookmarks: BookmarkTable;
  recording_findings: FindingTable;
  recording_reviews: ReviewTable;
  recording_holds: HoldTable;
  search_blocks: SearchBlockTable;
}
