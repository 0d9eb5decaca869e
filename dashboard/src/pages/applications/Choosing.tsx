/** Above the list: what is searched for, filtered by, sorted and grouped by, how it is shown, and what was saved. */
import { useMemo, useState } from "react";

import type { ApplicationSummary } from "@/api/types";
import { Chosen, Filter, HealthMark, Icon, IconButton, type IconName, Menu, SearchField, SyncMark } from "@/parts";

import { Saved } from "./Saved";
import { counted, type FilterName, filterNames, labelNames, type Shown, sorts, type View, views } from "./selecting";

interface Props {
  all: readonly ApplicationSummary[];
  shown: Shown;
  found: number;
  pending: boolean;
  onShow: (change: Partial<Shown>) => void;
  onLeave: () => void;
}

const titles: Readonly<Record<FilterName, string>> = {
  health: "Health",
  sync: "Sync",
  project: "Project",
  cluster: "Cluster",
  namespace: "Namespace",
  label: "Label",
};

const icons: Readonly<Record<View, IconName>> = { table: "table", cards: "cards", map: "map" };
const names: Readonly<Record<View, string>> = { table: "Table", cards: "Cards", map: "Map of the fleet" };

export function Choosing({ all, shown, found, pending, onShow, onLeave }: Props) {
  const [open, setOpen] = useState(false);
  const labels = useMemo(() => labelNames(all), [all]);
  const options = useMemo(
    () =>
      Object.fromEntries(filterNames.map((name) => [name, counted(all, name)])) as Record<
        FilterName,
        ReturnType<typeof counted>
      >,
    [all],
  );
  const filter = (name: FilterName, values: readonly string[]) =>
    onShow({ filters: { ...shown.filters, [name]: values } });
  const group = (name: string) => onShow({ group: name });
  const groupName = shown.group.startsWith("label:") ? shown.group.slice(6) : shown.group;

  return (
    <>
      <div className="page-head">
        <h1>
          Applications
          <span className="count" role="status" aria-live="polite">
            {pending ? "" : found === all.length ? all.length : `${found} of ${all.length}`}
          </span>
        </h1>
        <SearchField label="Search applications" value={shown.q} onChange={(q) => onShow({ q })} onLeave={onLeave} />
        <span className="apps-toggle">
          <IconButton
            icon="filter"
            label="Filters, groups and order"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          />
        </span>
        <div className="segments" role="group" aria-label="Shown as">
          {views.map((view) => (
            <button
              key={view}
              type="button"
              aria-pressed={view === shown.view}
              aria-label={names[view]}
              title={names[view]}
              onClick={() => onShow({ view })}
            >
              <Icon name={icons[view]} />
            </button>
          ))}
        </div>
      </div>
      <div className="filterbar apps-filters" data-open={open ? "" : undefined}>
        {filterNames.map((name) => (
          <Filter
            key={name}
            name={titles[name]}
            options={options[name].map(([value, count]) => ({
              value,
              count,
              label:
                name === "health" ? <HealthMark value={value} /> : name === "sync" ? <SyncMark value={value} /> : value,
            }))}
            chosen={shown.filters[name]}
            onChange={(values) => filter(name, values)}
          />
        ))}
        <span className="apps-spring" />
        <Menu
          to="right"
          look="quiet"
          icon="group"
          name="Group by"
          label={groupName === "" ? "Group" : `By ${groupName}`}
          entries={[
            { label: "Not at all", checked: shown.group === "", onChoose: () => group("") },
            { label: "Project", checked: shown.group === "project", onChoose: () => group("project") },
            { label: "Cluster", checked: shown.group === "cluster", onChoose: () => group("cluster") },
            ...labels.map((label) => ({
              label: `Label ${label}`,
              checked: shown.group === `label:${label}`,
              onChoose: () => group(`label:${label}`),
            })),
          ]}
        />
        <Menu
          to="right"
          look="quiet"
          icon="filter"
          name="Sort by"
          label={sorts[shown.sort]?.replace(/,.*/, "")}
          entries={Object.entries(sorts).map(([value, label]) => ({
            label,
            checked: shown.sort === value,
            onChoose: () => onShow({ sort: value }),
          }))}
        />
        <Saved />
      </div>
      <Chips shown={shown} onFilter={filter} />
    </>
  );
}

function Chips({ shown, onFilter }: { shown: Shown; onFilter: (name: FilterName, values: readonly string[]) => void }) {
  const on = filterNames.flatMap((name) => shown.filters[name].map((value) => ({ name, value })));
  if (on.length === 0) return null;
  return (
    <div className="filterbar">
      {on.map(({ name, value }) => (
        <Chosen
          key={`${name} ${value}`}
          name={titles[name]}
          value={value}
          onDrop={() =>
            onFilter(
              name,
              shown.filters[name].filter((each) => each !== value),
            )
          }
        />
      ))}
    </div>
  );
}
