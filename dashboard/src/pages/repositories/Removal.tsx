/** Asks before a registration is forgotten, and forgets only the one that was read. */
import { useQuery } from "@tanstack/react-query";

import { change, tagOf } from "@/api/client";
import { repositoriesQuery, type Repository, repositoryQuery } from "@/api/lists";
import { useAction } from "@/app/acting";
import { Copyable } from "@/parts";
import { Confirm } from "@/parts/Confirm";

interface Props {
  repository: Repository;
  onClose: () => void;
  then?: () => void;
}

export function Removal({ repository: { url, applications = 0 }, onClose, then = onClose }: Props) {
  const read = useQuery(repositoryQuery(url));
  const removing = useAction({
    act: () =>
      change("DELETE", "/api/v1/repositories", { query: { url }, match: tagOf("/api/v1/repository", { url }) }),
    said: () => `${url} is forgotten`,
    old: [repositoriesQuery.queryKey],
    stale: [repositoryQuery(url).queryKey],
    then,
    quiet: true,
  });
  return (
    <Confirm
      title="Remove this repository?"
      action="Remove the registration"
      busy={removing.isPending || read.isPending}
      error={removing.error}
      onConfirm={() => removing.mutate()}
      onClose={onClose}
    >
      <Copyable text={url} />
      <p>
        Its credentials are forgotten.{" "}
        {applications === 1 ? "1 application comes" : `${applications} applications come`} from it; what runs is kept,
        and nothing new comes where the repository is private.
      </p>
    </Confirm>
  );
}
