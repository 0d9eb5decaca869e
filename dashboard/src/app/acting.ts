import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";

import { ApiError } from "@/api/errors";
import { errorToast, useToast } from "@/parts";

interface Acting<Answer, Given> {
  act: (given: Given) => Promise<Answer>;
  /** What is said once it is done. */
  said: (answer: Answer, given: Given) => string;
  /** Queries that are old now, by the first parts of their keys. */
  old: readonly QueryKey[];
  /** Queries that are old as well where somebody was faster: what is shown is not what is there. */
  stale?: readonly QueryKey[];
  then?: (answer: Answer, given: Given) => void;
  /** Whoever shows the error itself says so. */
  quiet?: boolean;
}

/** Something that changes the installation: it says what came of it, and has what it changed read again. */
export function useAction<Answer = unknown, Given = void>({
  act,
  said,
  old,
  stale = [],
  then,
  quiet,
}: Acting<Answer, Given>) {
  const say = useToast();
  const queries = useQueryClient();
  return useMutation<Answer, Error, Given>({
    mutationFn: act,
    onSuccess: (answer, given) => {
      for (const queryKey of old) void queries.invalidateQueries({ queryKey });
      say({ tone: "good", text: said(answer, given) });
      then?.(answer, given);
    },
    onError: (error) => {
      if (error instanceof ApiError && error.status === 412)
        for (const queryKey of [...old, ...stale]) void queries.invalidateQueries({ queryKey });
      if (quiet !== true) say(errorToast(error));
    },
  });
}
