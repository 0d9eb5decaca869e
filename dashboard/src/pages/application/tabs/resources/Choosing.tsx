/** What of the tree is searched for and filtered by, and how it is shown. */
import { type ReactNode, useMemo, useState } from "react";

import { Chosen, Filter, FilterBar, HealthMark, Icon, IconButton, type IconName, SearchField, SyncMark } from "@/parts";

import type { Model } from "./model";
import { type FilterName, filterNames, isFiltered, occurrences, type Shown, type View, views } from "./selecting";

interface Props {
  model: Model;
  shown: Shown;
  view: View;
  /** Whether there is a network to show. */
  network: boolean;
  found: string;
  onShow: (change: Partial<Shown>) => void;
}

const titles: Readonly<Record<FilterName, string>> = { kind: "Kind", health: "Health", sync: "Sync", ns: "Namespace" };
const icons: Readonly<Record<View, IconName>> = { graph: "tree", network: "network", list: "list" };
const names: Readonly<Record<View, string>> = { graph: "Graph", network: "Network", list: "List" };

export function Choosing({ model, shown, view, network, found, onShow }: Props) {
  const [open, setOpen] = useState(isFiltered(shown));
  const options = useMemo(() => filterNames.map((name) => [name, occurrences(model, name)] as const), [model]);
  const filter = (name: FilterName, values: readonly string[]) =>
    onShow({ filters: { ...shown.filters, [name]: values } });
  return (
    <>
      <FilterBar>
        <SearchField label="Search resources" value={shown.q} onChange={(q) => onShow({ q })} />
        <span className="res-toggle">
          <IconButton icon="filter" label="Filters" aria-expanded={open} onClick={() => setOpen(!open)} />
        </span>
        <span className="res-filters" data-open={open ? "" : undefined}>
          {options
            .filter(([name, values]) => values.length > 1 || shown.filters[name].length > 0)
            .map(([name, values]) => (
              <Filter
                key={name}
                name={titles[name]}
                options={values.map(([value, count]) => ({ value, count, label: faceOf(name, value) }))}
                chosen={shown.filters[name]}
                onChange={(chosen) => filter(name, chosen)}
              />
            ))}
        </span>
        <span className="res-spring soft" role="status">
          {found}
        </span>
        <div className="segments" role="group" aria-label="Shown as">
          {views
            .filter((each) => each !== "network" || network || view === "network")
            .map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={each === view}
                title={names[each]}
                onClick={() => onShow({ view: each })}
              >
                <Icon name={icons[each]} />
                <span className="res-view">{names[each]}</span>
              </button>
            ))}
        </div>
      </FilterBar>
      {isFiltered(shown) && (
        <div className="filterbar">
          {filterNames.flatMap((name) =>
            shown.filters[name].map((value) => (
              <Chosen
                key={`${name} ${value}`}
                name={titles[name]}
                value={value}
                onDrop={() =>
                  filter(
                    name,
                    shown.filters[name].filter((each) => each !== value),
                  )
                }
              />
            )),
          )}
        </div>
      )}
    </>
  );
}

function faceOf(name: FilterName, value: string): ReactNode {
  if (name === "health") return <HealthMark value={value} />;
  return name === "sync" ? <SyncMark value={value} /> : value;
}
