/** What would be written now, image by image. */
import { useQuery } from "@tanstack/react-query";

import { get } from "@/api/client";
import { imagesQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { Button, type Column, Dialog, ErrorState, Mark, Table } from "@/parts";

type Update = Schema<"ImageUpdate">;

const columns: readonly Column<Update>[] = [
  { head: "Image", cell: (row) => row.image },
  { head: "Application", cell: (row) => row.application },
  { head: "From", cell: (row) => <span className="mono">{row.from}</span> },
  { head: "To", cell: (row) => <span className="mono">{row.to}</span> },
  { head: "Why", cell: (row) => (row.held ? `held: ${row.why}` : row.why) },
  { head: "Where", cell: (row) => [row.repository, row.branch, row.path].filter(Boolean).join(" ") || row.method },
];

export function Plan({ id, onClose }: { id: string; onClose: () => void }) {
  const answer = useQuery({
    queryKey: [...imagesQuery.queryKey, "plan", id],
    queryFn: ({ signal }) => get<Schema<"ImagePlan">>(`/api/v1/images/plan/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: (query) => (query.state.data?.updates === undefined ? 1000 : false),
  });
  const { updates, notes = [], current = 0 } = answer.data ?? {};
  return (
    <Dialog wide title="What would be written" onClose={onClose} foot={<Button onClick={onClose}>Close</Button>}>
      {answer.isError && <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />}
      <div role="status">
        {updates === undefined && !answer.isError && (
          <Mark tone="wait" shape="turning" word="Registries are being asked" />
        )}
        {updates !== undefined && (
          <p>
            {updates.length === 0 ? "Nothing would be written" : `${updates.length} would be written`}; {current} are up
            to date.
          </p>
        )}
      </div>
      {updates !== undefined && updates.length > 0 && (
        <Table
          label="What would be written"
          columns={columns}
          rows={updates}
          rowKey={(row) => `${row.application} ${row.alias}`}
        />
      )}
      {notes.map((note) => (
        <p key={`${note.application} ${note.alias}`}>
          <strong>{note.image || note.application}</strong> <span className="soft">{note.message}</span>
        </p>
      ))}
    </Dialog>
  );
}
