/** The tree as a list: the same as the graph, for whoever reads better in lines, at any number of objects.

    Keys are those of "Treegrid" in the ARIA Authoring Practices Guide. */
import { type KeyboardEvent, memo, useMemo, useRef, useState } from "react";

import { useShortcut } from "@/app/shortcuts";
import { HealthMark, Icon, RelativeTime, SyncMark, VirtualList, type VirtualListHandle } from "@/parts";
import { useNarrow } from "@/pages/applications/sizes";

import { useOpened, writeRef } from "../../resource/address";
import { abbreviated, healthOf, infoOf, type Item, type Model, tagOf } from "./model";
import { type Row, rowsOf } from "./rows";
import type { Selected } from "./selecting";

interface Props {
  model: Model;
  selected: Selected;
}

export function TreeTable({ model, selected }: Props) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => rowsOf(model, selected, turned), [model, selected, turned]);
  const narrow = useNarrow();
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualListHandle>(null);
  const [current, setCurrent] = useState("");
  const { object, open } = useOpened();
  const chosen = object === undefined ? "" : writeRef(object);
  const found = rows.findIndex(({ item }) => item.id === current);
  const at = Math.max(0, found);

  const turn = ({ id }: Item) =>
    setTurned((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const go = (place: number) => {
    const wanted = Math.min(Math.max(place, 0), rows.length - 1);
    const id = rows[wanted]?.item.id;
    if (id === undefined) return;
    setCurrent(id);
    list.current?.reveal(wanted, () => {
      box.current?.querySelector<HTMLElement>(`[data-row="${wanted}"]`)?.focus();
    });
  };
  const show = ({ node: { group, kind, namespace, name } }: Item) => open({ group, kind, namespace, name });
  useShortcut("j", "Into the list; arrows go on from there", () => go(at));

  const press = (event: KeyboardEvent) => {
    const row = rows[at];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      ArrowRight: () => (row.open === false ? turn(row.item) : row.open === true ? go(at + 1) : undefined),
      ArrowLeft: () => {
        if (row.open === true) turn(row.item);
        else if (row.item.parent !== undefined) go(rows.findIndex(({ item }) => item === row.item.parent));
      },
      Enter: () => show(row.item),
    };
    const run = keys[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };

  return (
    <div
      className="rows"
      role="treegrid"
      aria-label="Resources"
      aria-rowcount={rows.length + 1}
      aria-colcount={5}
      tabIndex={-1}
      ref={box}
      onKeyDown={press}
    >
      <div role="rowgroup">
        <div className="rows-line rows-head" role="row" aria-rowindex={1}>
          <span role="columnheader">Name</span>
          <span role="columnheader">Health</span>
          <span role="columnheader">Sync</span>
          <span role="columnheader">State</span>
          <span role="columnheader">Created</span>
        </div>
      </div>
      <VirtualList
        ref={list}
        count={rows.length}
        role="rowgroup"
        itemRole="presentation"
        size={() => (narrow ? 56 : 36)}
        itemKey={(index) => rows[index]?.item.id ?? String(index)}
        item={(index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return (
            <Line
              row={row}
              index={index}
              current={index === at}
              chosen={row.item.id === chosen}
              onTurn={() => turn(row.item)}
              onShow={() => {
                setCurrent(row.item.id);
                show(row.item);
              }}
            />
          );
        }}
      />
    </div>
  );
}

interface LineProps {
  row: Row;
  index: number;
  current: boolean;
  chosen: boolean;
  onTurn: () => void;
  onShow: () => void;
}

const Line = memo(({ row, index, current, chosen, onTurn, onShow }: LineProps) => {
  const { item, level, open, place, siblings, faded } = row;
  const { node } = item;
  const health = healthOf(node);
  const drift = node.drift ?? 0;
  return (
    // Keys are heard by the grid around it.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      className="rows-line"
      role="row"
      aria-level={level}
      aria-posinset={place}
      aria-setsize={siblings}
      aria-rowindex={index + 2}
      aria-expanded={open}
      aria-selected={chosen}
      tabIndex={current ? 0 : -1}
      data-row={index}
      data-faded={faded ? "" : undefined}
      onClick={onShow}
    >
      <span className="rows-name" role="gridcell" style={{ paddingLeft: `${(level - 1) * 1.125}rem` }}>
        {open === undefined ? (
          <span className="rows-turn" />
        ) : (
          // Arrows do the same from the row, so it is no stop of Tab.
          <button
            type="button"
            className="rows-turn"
            tabIndex={-1}
            aria-label={open ? `Close ${node.name}` : `Open ${node.name}`}
            data-open={open ? "" : undefined}
            onClick={(event) => {
              event.stopPropagation();
              onTurn();
            }}
          >
            <Icon name="chevron" size={14} />
          </button>
        )}
        <span className="rows-kind" aria-hidden="true">
          {abbreviated(node.kind)}
        </span>
        <span className="hidden-text">{node.kind} </span>
        <span className="clip" title={`${node.kind} ${node.namespace === "" ? "" : `${node.namespace}/`}${node.name}`}>
          {node.name}
        </span>
        {node.hook !== undefined && <span className="tag">{node.hook}</span>}
        {node.syncWave !== undefined && node.syncWave !== 0 && <span className="tag">wave {node.syncWave}</span>}
        {drift > 0 && <span className="tag rows-warn">{drift} drifted</span>}
        {node.requiresPruning === true && <span className="tag rows-warn">to be pruned</span>}
        {open === false && <span className="count">{item.children.length}</span>}
      </span>
      <span role="gridcell">{health !== "" && <HealthMark value={health} />}</span>
      <span role="gridcell">{node.status !== undefined && <SyncMark value={node.status} />}</span>
      <span role="gridcell" className="clip soft">
        {stateOf(item)}
      </span>
      <span role="gridcell" className="soft">
        {node.createdAt !== undefined && <RelativeTime at={node.createdAt} />}
      </span>
    </div>
  );
});
Line.displayName = "Line";

function stateOf({ node }: Item): string {
  const restarts = infoOf(node, "Restarts");
  return [
    infoOf(node, "Status"),
    infoOf(node, "Containers") || infoOf(node, "Replicas") || infoOf(node, "Completions"),
    restarts === "" ? "" : `${restarts} ${restarts === "1" ? "restart" : "restarts"}`,
    infoOf(node, "Schedule"),
    tagOf(node),
  ]
    .filter(Boolean)
    .join(" · ");
}
