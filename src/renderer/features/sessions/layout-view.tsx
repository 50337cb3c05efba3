import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useRef } from 'react';
import type { Connection } from '../../../shared/protocol/ipc.ts';
import { cx } from '../../components/primitives.tsx';
import { focusedGroup, groupsIn, type WindowLayout } from '../../services/layout/layout.ts';
import { geometryOf, type Rect, type Sash, withSash } from '../../services/layout/layout-geometry.ts';
import { useServices } from '../../services/services.tsx';
import { useStore } from '../../services/store.ts';
import type { Tab } from '../../services/tabs.ts';
import { registerStage, tabDrag } from './drag-tabs.ts';
import { GroupBar } from './group-bar.tsx';
import css from './layout-view.module.css';
import { SessionPane } from './session-pane.tsx';
import { WaitingPane } from './waiting-pane.tsx';

const percent = (part: number) => `${part * 100}%`;
/** The tabs of a pane are this high (tokens.css, --h-tab). */
const bar = 'var(--h-tab)';

const barStyle = (rect: Rect) => ({
  left: percent(rect.x),
  top: percent(rect.y),
  width: percent(rect.width),
  height: bar,
});
const paneStyle = (rect: Rect) => ({
  left: percent(rect.x),
  top: `calc(${percent(rect.y)} + ${bar})`,
  width: percent(rect.width),
  height: `calc(${percent(rect.height)} - ${bar})`,
});

/** The line between two panes: moved by the mouse, by arrows, and put in the middle by a double click. */
function SashLine(props: { sash: Sash; windowId: string }) {
  const { sessions } = useServices();
  const { sash, windowId } = props;
  const row = sash.along === 'row';
  const set = (value: number) =>
    sessions.arrange((layout) => withSash(layout, windowId, sash.split, sash.index, value));
  const onMove = (event: PointerEvent<HTMLElement>) => {
    const stage = event.currentTarget.parentElement?.getBoundingClientRect();
    if (stage === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const at = row ? (event.clientX - stage.left) / stage.width : (event.clientY - stage.top) / stage.height;
    set((at - sash.from) / sash.room);
  };
  const onKey = (event: KeyboardEvent) => {
    const less = row ? 'ArrowLeft' : 'ArrowUp';
    const more = row ? 'ArrowRight' : 'ArrowDown';
    if ((event.key !== less && event.key !== more) || event.altKey) return;
    event.preventDefault();
    set(sash.value + (event.key === more ? 0.04 : -0.04));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved
    <div
      role="separator"
      tabIndex={0}
      aria-label="Border between panes"
      aria-orientation={row ? 'vertical' : 'horizontal'}
      aria-valuemin={12}
      aria-valuemax={88}
      aria-valuenow={Math.round(sash.value * 100)}
      className={cx(css.sash, row ? css.across : css.along)}
      style={
        row
          ? { left: percent(sash.rect.x), top: percent(sash.rect.y), height: percent(sash.rect.height) }
          : { left: percent(sash.rect.x), top: percent(sash.rect.y), width: percent(sash.rect.width) }
      }
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={onMove}
      onDoubleClick={() => set(0.5)}
      onKeyDown={onKey}
    />
  );
}

/** Where a dragged tab would go, and the tab under the pointer. */
function DropMark(props: { windowId: string; stage: React.RefObject<HTMLDivElement | null> }) {
  const { sessions } = useServices();
  const drag = useStore(tabDrag);
  const views = useStore(sessions.sessions);
  const { tabs } = useStore(sessions.tabs);
  const box = props.stage.current?.getBoundingClientRect();
  if (drag === null || drag.over !== props.windowId || box === undefined) return null;
  const tab = tabs.find((each) => each.key === drag.key);
  const name = tab === undefined ? '' : (views.get(tab.sessionId)?.targetName ?? tab.waiting?.targetName ?? '');
  const { target } = drag;
  return (
    <>
      {target?.kind === 'spot' ? (
        <div
          className={target.line ? css.dropLine : css.drop}
          style={{
            left: target.shown.left - box.left,
            top: target.shown.top - box.top,
            width: target.shown.width,
            height: target.shown.height,
          }}
        />
      ) : null}
      <div className={css.ghost} style={{ left: drag.x - box.left + 10, top: drag.y - box.top + 8 }} aria-hidden="true">
        {name}
      </div>
    </>
  );
}

/** All panes of one window. They lie flat beside each other, each at its place: a move does not build a screen anew. */
export function LayoutView(props: {
  window: WindowLayout;
  /** The view is on the screen. */
  shown: boolean;
  connection: Connection['state'];
  now: number;
}) {
  const { sessions } = useServices();
  const { tabs, activeKey } = useStore(sessions.tabs);
  const views = useStore(sessions.sessions);
  const stage = useRef<HTMLDivElement>(null);
  const { window } = props;
  const geometry = geometryOf(window);
  const groups = groupsIn(window.root);
  const focused = focusedGroup(window);
  const running = [...views.values()].filter((view) => view.state.state !== 'ended').length;

  useLayoutEffect(() => (stage.current === null ? undefined : registerStage(window.id, stage.current)), [window.id]);

  const pane = (tab: Tab, rect: Rect | undefined, active: boolean) => {
    const shown = props.shown && active && rect !== undefined;
    const view = views.get(tab.sessionId);
    const common = {
      tab,
      shown,
      focused: tab.key === activeKey,
      alone: groups.length === 1,
      connection: props.connection,
      now: props.now,
    };
    if (view === undefined) return tab.waiting === null ? null : <WaitingPane {...common} waiting={tab.waiting} />;
    const others = running - (view.state.state === 'ended' ? 0 : 1);
    return <SessionPane {...common} view={view} others={others} windowId={window.id} />;
  };

  return (
    <div ref={stage} className={css.stage}>
      {groups.flatMap((group, index) => {
        const rect = geometry.groups.get(group.id);
        return [
          <div
            key={`bar ${group.id}`}
            className={css.bar}
            hidden={rect === undefined}
            style={rect === undefined ? undefined : barStyle(rect)}
            data-group-id={group.id}
            data-focused={group.id === focused?.id}
          >
            <GroupBar
              group={group}
              windowId={window.id}
              number={groups.length > 1 ? index + 1 : null}
              inFront={props.shown && rect !== undefined}
              connection={props.connection}
              now={props.now}
            />
          </div>,
          ...group.tabs.map((key) => {
            const tab = tabs.find((each) => each.key === key);
            const active = key === group.active;
            return tab === undefined ? null : (
              <div
                key={`pane ${key}`}
                className={css.pane}
                hidden={!active || rect === undefined}
                style={rect === undefined ? undefined : paneStyle(rect)}
                data-pane-of={active ? group.id : undefined}
                onFocusCapture={() => sessions.show(key)}
                onMouseDownCapture={() => sessions.show(key)}
              >
                {pane(tab, rect, active)}
              </div>
            );
          }),
        ];
      })}
      {geometry.sashes.map((sash) => (
        <SashLine key={`${sash.split} ${sash.index}`} sash={sash} windowId={window.id} />
      ))}
      <DropMark windowId={window.id} stage={stage} />
    </div>
  );
}
