/** Certificates that secrets are sealed with. Private keys never leave Secrets Manager. */
import { useQuery } from "@tanstack/react-query";

import { getWhole } from "@/api/client";
import type { Schema } from "@/api/types";
import { Button, Copyable, EmptyState, ErrorState, exactly, Mark, Skeleton } from "@/parts";
import { Facts, Sheet } from "@/parts/Sheet";

import { certificateEnd } from "./certificate";

export function SealingPart() {
  const asked = useQuery({
    queryKey: ["sealing-keys"],
    queryFn: ({ signal }) => getWhole<Schema<"SealingKeys">>("/api/v1/sealed-secrets", {}, signal),
  });
  return (
    <Sheet title="Sealing certificates" {...(asked.data === undefined ? {} : { count: asked.data.items.length })}>
      <p className="soft">
        Everybody may seal with the newest; Mooring alone opens, with each of these. kubeseal finds it as it finds a
        controller.
      </p>
      {asked.isPending && <Skeleton height="4rem" />}
      {asked.isError && <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />}
      {asked.data?.items.length === 0 && (
        <EmptyState title="No sealing key yet" icon="key">
          <p>
            The first is made by itself within the hour. Keys of a controller that a cluster has had can be taken over:
          </p>
          <Copyable text="mooring sealed-secrets import -f keys.json" />
        </EmptyState>
      )}
      <ul className="settings-keys" role="list">
        {asked.data?.items.map((key, index) => (
          <li key={key.fingerprint}>
            <OneCertificate sealing={key} newest={index === 0} />
          </li>
        ))}
      </ul>
      <Copyable text="mooring seal -f secret.yaml" />
    </Sheet>
  );
}

function OneCertificate({ sealing, newest }: { sealing: Schema<"SealingKey">; newest: boolean }) {
  const ends = certificateEnd(sealing.certificate);
  const since = typeof sealing.since === "number" ? sealing.since * 1000 : Date.parse(sealing.since);
  return (
    <>
      <span>
        <Mark
          tone={newest ? "good" : "idle"}
          shape={newest ? "tick" : "clock"}
          word={newest ? "Sealed with" : "Opens what was sealed before"}
        />
      </span>
      <Facts
        facts={[
          ["Fingerprint", <code key="fingerprint">{sealing.fingerprint}</code>],
          ["Since", Number.isNaN(since) ? String(sealing.since) : exactly(since)],
          ["Ends", ends === undefined ? undefined : exactly(ends)],
        ]}
      />
      <span>
        <Button icon="save" onClick={() => download(sealing)}>
          Download<span className="hidden-text"> {sealing.fingerprint}</span>
        </Button>
      </span>
    </>
  );
}

function download({ certificate, fingerprint }: Schema<"SealingKey">): void {
  const address = URL.createObjectURL(new Blob([certificate], { type: "application/x-pem-file" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `mooring-${fingerprint.replace(/[^0-9a-zA-Z]/g, "").slice(0, 12)}.pem`;
  link.click();
  URL.revokeObjectURL(address);
}
