import { Search } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { Me } from '../../../shared/protocol/control-api.ts';
import { Foot } from '../../components/foot.tsx';
import { cx, Keys } from '../../components/primitives.tsx';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import { testIds } from '../../test-ids.ts';
import { FilterBar } from './filter-bar.tsx';
import { FilterPicker } from './filter-picker.tsx';
import { RecordBody } from './record-body.tsx';
import { recordCommands } from './record-commands.ts';
import { RecordList, type RecordListHandle } from './record-list.tsx';
import css from './records.module.css';
import rows from './rows.module.css';
import { useRecords } from './use-records.tsx';

function Heads(props: { mine: boolean }) {
  const names = props.mine
    ? ['Time', 'Target', 'Login', 'Reason', 'Length', 'End', 'Proof']
    : ['Time', 'Target', 'Login', 'Person', 'Length', 'End', 'Proof', 'Review'];
  return (
    <div className={cx(rows.head, props.mine ? rows.columnsMine : rows.columns)} aria-hidden="true">
      {names.map((name) => (
        <span key={name}>{name}</span>
      ))}
    </div>
  );
}

/** Recordings and My history: one search field, filters, and rows that are sessions or the lines that were found in them. */
export function RecordsView(props: { shown: boolean; me: Me | null; mine: boolean }) {
  const { mine } = props;
  const { commands, settings } = useServices();
  const { density } = useStore(settings.settings);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<RecordListHandle>(null);
  const records = useRecords({ shown: props.shown, me: props.me, mine, list, input });
  const { doings, chosenKey } = records;
  const listed = records.body.is === 'list';
  const name = mine ? 'history' : 'recordings';
  const listId = `${name}-list`;
  const optionId = (key: string) => `${name}-${key.replaceAll(/\s+/g, '-')}`;

  useEffect(() => {
    if (props.shown) input.current?.focus();
  }, [props.shown]);

  const latest = useRef(doings);
  latest.current = doings;
  useEffect(() => {
    if (!props.shown) return;
    const now = () => latest.current;
    return commands.register(
      recordCommands(
        {
          chosen: () => now().chosen(),
          open: () => now().open(),
          copy: () => now().copy(),
          filter: () => now().filter(),
          searchText: () => now().searchText(),
          focusSearch: () => now().focusSearch(),
          clear: () => now().clear(),
          reload: () => now().reload(),
          canSearch: () => now().canSearch(),
          canClear: () => now().canClear(),
        },
        mine,
      ),
    );
  }, [props.shown, commands, mine]);

  return (
    <section className={css.view} aria-label={mine ? 'My history' : 'Recordings'}>
      <div className={css.list}>
        <div className={css.searchBox}>
          <Search size={17} strokeWidth={1.7} aria-hidden="true" />
          <input
            ref={input}
            className={css.searchInput}
            type="text"
            role="combobox"
            aria-label={mine ? 'Search my history' : 'Filter recordings, or search in them'}
            aria-expanded={listed}
            aria-autocomplete="list"
            aria-controls={listed ? listId : undefined}
            aria-activedescendant={listed && chosenKey !== null ? optionId(chosenKey) : undefined}
            placeholder={
              mine
                ? 'Search what you typed and what was shown'
                : 'Person, target, login, reason or end; or what was typed and shown'
            }
            spellCheck={false}
            autoComplete="off"
            maxLength={200}
            value={records.text}
            data-testid={mine ? testIds.historySearch : testIds.recordingsFilter}
            onChange={(event) => records.type(event.currentTarget.value)}
            onKeyDown={records.onKey}
          />
          {records.inText && !mine ? <span className={css.mode}>in text</span> : null}
          <span className={css.count} aria-live="polite">
            {records.count}
          </span>
          {records.doings.canClear() ? <Keys of="Esc" /> : null}
        </div>
        <FilterBar
          filters={records.filters}
          mine={mine}
          inText={records.inText}
          now={records.now}
          searches={records.text === '' ? records.searches : []}
          onSearch={records.searchFor}
          onChange={records.setFilters}
          onPick={doings.filter}
          picker={
            records.picking ? (
              <FilterPicker
                names={records.names}
                mine={mine}
                now={records.now}
                onPick={records.pick}
                onClose={records.closePicker}
              />
            ) : null
          }
        />
        {records.note === null ? null : (
          <p className={css.note} role="status">
            {records.note}
          </p>
        )}
        {/* The lines of a view that is not shown are nowhere: the other one may show the same. */}
        {props.shown ? (
          <RecordBody state={records.body} mine={mine} onRetry={doings.reload} onClear={records.clearAll}>
            {records.inText ? <div className={rows.noHead} /> : <Heads mine={mine} />}
            <RecordList
              ref={list}
              listId={listId}
              label={records.inText ? 'What was found' : mine ? 'My sessions' : 'Recordings'}
              optionId={optionId}
              items={records.items}
              chosenKey={chosenKey}
              mine={mine}
              now={records.now}
              roomier={density === 'comfortable' ? 4 : 0}
              stale={records.stale}
              onChoose={records.choose}
              onOpen={records.openItem}
              onCopy={doings.copy}
              onEnd={records.more}
            />
          </RecordBody>
        ) : null}
      </div>
      <Foot keys={records.keys} />
      {records.dialog}
    </section>
  );
}
