import type { ReactNode } from "react";

export interface Column<Row> {
  /** The heading; unique in its table. */
  head: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the end of their column. */
  end?: boolean;
}

interface TableProps<Row> {
  /** What the table lists, for whoever can't see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}

/** A table of up to some hundred rows. Longer lists are a `VirtualList`. */
export function Table<Row>({ label, columns, rows, rowKey }: TableProps<Row>) {
  return (
    // A wide table scrolls in its frame, by keys as well.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table" data-wide={columns.length > 4 ? "" : undefined}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.head} scope="col" data-end={column.end === true ? "" : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.head} data-end={column.end === true ? "" : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
