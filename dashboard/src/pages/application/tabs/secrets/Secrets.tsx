/** The application's secrets: where each comes from, whether that worked, and since when. Values are nowhere. */
import "../../resource/resource.css";
import "./secrets.css";

import { useQuery } from "@tanstack/react-query";

import { get } from "@/api/client";
import { EmptyState, exactly, Mark, RelativeTime } from "@/parts";
import { AskedList } from "@/parts/AskedList";
import { Facts } from "@/parts/Sheet";

import { keyOf, pathOf } from "../../queries";
import { useOpened } from "../../resource/address";
import { ObjectButton } from "../../resource/Summary";
import type { TabProps } from "../../tabs";
import { lookOf, remotesOf, type Secret, type Secrets as Answer, storesOf, wordsOf } from "./wording";

export default function Secrets({ named }: TabProps) {
  const { data, error, refetch } = useQuery({
    queryKey: keyOf(named, "secrets"),
    queryFn: ({ signal }) => get<Answer>(pathOf(named, "/secrets"), { namespace: named.namespace }, signal),
  });
  return (
    <AskedList
      name="secrets"
      items={data?.items}
      error={error}
      onRetry={() => void refetch()}
      text={wordsOf}
      none="No secret has these words."
      empty={
        <EmptyState title="No secrets" icon="key">
          <p>Git has no SealedSecret, ExternalSecret, PushSecret or Secret for this application.</p>
        </EmptyState>
      }
      bar={
        data?.nextRefresh != null && (
          <span className="soft secrets-next">
            Values are read again <RelativeTime at={data.nextRefresh} />
          </span>
        )
      }
      foot={
        data?.sealing != null && (
          <p className="soft">
            What is sealed now is sealed for <code>{data.sealing.fingerprint}</code>, whose certificate ends{" "}
            {exactly(Date.parse(data.sealing.until))}. Older keys open as well.
          </p>
        )
      }
    >
      {(shown) => (
        <ul role="list" className="secrets-list">
          {shown.map((secret) => (
            <li key={`${secret.group}/${secret.kind}/${secret.namespace}/${secret.name}`}>
              <OneSecret secret={secret} />
            </li>
          ))}
        </ul>
      )}
    </AskedList>
  );
}

function OneSecret({ secret }: { secret: Secret }) {
  const { open } = useOpened();
  const { group, kind, namespace, name, message, secrets, keys, changed, refreshInterval, pushed } = secret;
  return (
    <>
      <div className="secrets-head">
        <ObjectButton object={{ group, kind, namespace, name }} onOpen={open} />
        <Mark {...lookOf(secret)} about="State" />
      </div>
      {message !== "" && <p data-failing={secret.state === "failing" ? "" : undefined}>{message}</p>}
      <Facts
        facts={[
          ["Secret", secret.source === "render" ? undefined : secrets.map(nameOf).join(", ")],
          ["Store", listed(storesOf(secret))],
          [secret.source === "PushSecret" ? "To" : "From", listed(remotesOf(secret))],
          ["Keys", listed(keys)],
          ["Elsewhere", listed(pushed ?? [])],
          ["Read again", refreshInterval === undefined ? undefined : `every ${refreshInterval}`],
          ["Changed", changed === null ? undefined : <RelativeTime at={changed.at} />],
          ["Fields", secret.hidden === true && "withheld: they may hold values of SOPS files"],
        ]}
      />
    </>
  );
}

function nameOf({ namespace, name, merged }: Secret["secrets"][number]): string {
  return `${namespace}/${name}${merged ? " (some of its keys)" : ""}`;
}

function listed(texts: readonly string[]): string {
  return texts.join(", ");
}
