/** A set is edited, then what it would change is shown, and only then is it declared. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";

import { change, get } from "@/api/client";
import { setQuery, setsQuery } from "@/api/lists";
import type { Schema } from "@/api/types";
import { useAction } from "@/app/acting";
import { to } from "@/app/addresses";
import { Button, Dialog, ErrorState, Mark, Skeleton } from "@/parts";
import { Refusal } from "@/parts/Confirm";
import { Editor } from "@/parts/Editor";
import { stringify } from "yaml";

import { Preview } from "./Preview";

interface Props {
  title: string;
  text: string;
  /** The tag of the set that is edited. */
  tag?: string | undefined;
  onClose: () => void;
}

interface Asked {
  id: string;
  document: unknown;
}

export function Declare({ title, text: first, tag, onClose }: Props) {
  const [text, setText] = useState(first);
  const [asked, setAsked] = useState<Asked>();
  const [, go] = useLocation();
  const declaring = useAction({
    act: (document: unknown) =>
      change<Schema<"DeclaredApplicationSet">>("POST", "/api/v1/applicationsets", {
        body: document,
        ...(tag === undefined ? {} : { match: tag }),
      }),
    said: ({ warnings }) => ["The ApplicationSet is declared", ...warnings].join(". "),
    old: [setsQuery.queryKey, ["applicationset"]],
    then: ({ applicationSet: { metadata } }) => {
      onClose();
      go(to.applicationSet(metadata.namespace ?? "argocd", metadata.name));
    },
    quiet: true,
  });
  const ask = async (document: unknown) => {
    const { preview } = await change<Schema<"AskedPreview">>("POST", "/api/v1/applicationsets/preview", {
      body: document,
    });
    setText(stringify(document));
    setAsked({ id: preview.id, document });
  };
  if (asked === undefined) {
    return (
      <Editor
        title={title}
        action="Preview what changes"
        text={text}
        hint="Nothing happens yet: next you see what would be added, changed and removed."
        onSave={ask}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog
      wide
      title="What would change"
      onClose={onClose}
      foot={
        <>
          <Button icon="back" onClick={() => setAsked(undefined)}>
            Back to the text
          </Button>
          <Button look="strong" busy={declaring.isPending} onClick={() => declaring.mutate(asked.document)}>
            Declare it
          </Button>
        </>
      }
    >
      <Awaited id={asked.id} />
      <Refusal error={declaring.error} />
    </Dialog>
  );
}

/** What a preview found, once somebody has looked. */
export function Awaited({ id }: { id: string }) {
  const answer = useQuery({
    queryKey: [...setQuery("preview", id).queryKey],
    queryFn: ({ signal }) =>
      get<Schema<"SetPreview">>(`/api/v1/applicationsets/preview/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: (query) => (query.state.data?.done === true ? false : 800),
  });
  if (answer.isError) return <ErrorState error={answer.error} onRetry={() => void answer.refetch()} />;
  const preview = answer.data?.preview;
  if (preview == null) {
    return (
      <div className="stack" role="status">
        <Mark tone="wait" shape="turning" word="Its generators are asked" />
        <Skeleton width="70%" />
        <Skeleton width="50%" />
      </div>
    );
  }
  return <Preview preview={preview} />;
}
