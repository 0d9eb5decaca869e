/** A bar for each day. Whoever can't see it has the same as a table. */
import type { Schema } from "@/api/types";

import { daysBetween, dollars } from "./money";

interface Props {
  items: readonly Schema<"CostItem">[];
  since: string;
  until: string;
}

export function DayBars({ items, since, until }: Props) {
  const of = new Map(items.map((item) => [item.name, item.usd ?? 0]));
  const days = daysBetween(since, until).map((name) => ({ name, usd: of.get(name) ?? 0 }));
  const most = Math.max(...days.map(({ usd }) => usd), 0);
  if (days.length === 0) return <p className="soft">No days between these.</p>;
  const wide = 600 / days.length;
  return (
    <figure className="costs-days">
      <svg viewBox="0 0 600 120" preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" x2="600" y1="119.5" y2="119.5" className="axis" />
        {days.map(({ name, usd }, index) => {
          const high = most === 0 || usd === 0 ? 0 : Math.max(2, (usd / most) * 114);
          return (
            <rect
              key={name}
              x={index * wide + wide * 0.1}
              y={119 - high}
              width={wide * 0.8}
              height={high}
              className="amount"
            >
              <title>{`${name}: ${dollars(usd)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="soft small">
        <span>{since}</span>
        <span>at most {dollars(most)} a day</span>
        <span>{until}</span>
      </figcaption>
      <div className="hidden-text">
        <table>
          <caption>Costs by day</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Cost</th>
            </tr>
          </thead>
          <tbody>
            {days
              .filter(({ usd }) => usd > 0)
              .map(({ name, usd }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td>{dollars(usd)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
