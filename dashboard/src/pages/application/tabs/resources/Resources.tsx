/** The application's objects and what they own, as a tree. */
import { useQuery } from "@tanstack/react-query";

import { ErrorState } from "@/parts";

import { treeQuery } from "../../queries";
import type { TabProps } from "../../tabs";

export default function Resources({ named }: TabProps) {
  const { data, error, refetch } = useQuery(treeQuery(named));
  if (data === undefined) {
    return error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />;
  }
  return <p className="soft">{data.summary.nodes} objects</p>;
}
