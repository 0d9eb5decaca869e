/** How the fleet is, in one line; each number shows those that it counts. */
import { useMemo } from "react";

import type { ApplicationSummary } from "@/api/types";
import { HealthMark, Skeleton, SyncMark } from "@/parts";

import { counted, type FilterName, type Shown } from "./selecting";

interface Props {
  rows: readonly ApplicationSummary[];
  pending: boolean;
  shown: Shown;
  onShow: (change: Partial<Shown>) => void;
}

export function Totals({ rows, pending, shown, onShow }: Props) {
  const health = useMemo(() => counted(rows, "health"), [rows]);
  const away = useMemo(() => counted(rows, "sync").filter(([value]) => value !== "Synced"), [rows]);
  const only = (name: FilterName, value: string) => {
    const on = shown.filters[name].length === 1 && shown.filters[name][0] === value;
    onShow({ filters: { ...shown.filters, [name]: on ? [] : [value] } });
  };
  return (
    <div className="apps-totals" role="group" aria-label="How the fleet is">
      {pending && <Skeleton width="22rem" height="1.25rem" />}
      {health.map(([value, count]) => (
        <button
          key={value}
          type="button"
          aria-pressed={shown.filters.health.includes(value)}
          onClick={() => only("health", value)}
        >
          <strong>{count}</strong> <HealthMark value={value} alone />
        </button>
      ))}
      {away.map(([value, count]) => (
        <button
          key={value}
          type="button"
          aria-pressed={shown.filters.sync.includes(value)}
          onClick={() => only("sync", value)}
        >
          <strong>{count}</strong> <SyncMark value={value} alone />
        </button>
      ))}
    </div>
  );
}
