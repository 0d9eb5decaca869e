/** Tokens of automation, without the tokens: whose they are, what they may, until when; each can be revoked. */
import { useState } from "react";
import type { QueryKey } from "@tanstack/react-query";

import type { Token } from "@/api/lists";
import { Button, type Column, RelativeTime, Table } from "@/parts";
import { Confirm } from "@/parts/Confirm";

import { useAction } from "./acting";

interface Props {
  label: string;
  tokens: readonly Token[];
  mayRevoke: (token: Token) => boolean;
  revoke: (token: Token) => Promise<unknown>;
  /** Queries that are old once one is revoked. */
  old: readonly QueryKey[];
  none: string;
}

export function Tokens({ label, tokens, mayRevoke, revoke, old, none }: Props) {
  const [going, setGoing] = useState<Token>();
  const revoking = useAction<unknown, Token>({
    act: revoke,
    said: (_, token) => `${token.name} is revoked`,
    old,
    then: () => setGoing(undefined),
    quiet: true,
  });
  const columns: readonly Column<Token>[] = [
    {
      head: "Token",
      cell: (token) => (
        <>
          <strong>{token.name}</strong> <span className="soft mono">{token.id}</span>
        </>
      ),
    },
    { head: "Made by", cell: (token) => token.madeBy },
    { head: "Narrowed to", cell: (token) => [token.role, ...(token.scope ?? [])].filter(Boolean).join("; ") || "—" },
    { head: "Made", cell: (token) => <RelativeTime at={token.issuedAt} /> },
    { head: "Last used", cell: (token) => token.lastUsed ?? <span className="soft">never</span> },
    { head: "Ends", cell: (token) => <span title={token.expiresAt}>{token.expiresAt.slice(0, 10)}</span> },
    {
      head: "Revoke",
      end: true,
      cell: (token) =>
        mayRevoke(token) && (
          <Button look="danger" onClick={() => setGoing(token)}>
            Revoke<span className="hidden-text"> {token.name}</span>
          </Button>
        ),
    },
  ];
  return (
    <>
      {tokens.length === 0 ? (
        <p className="soft">{none}</p>
      ) : (
        <Table label={label} columns={columns} rows={tokens} rowKey={(token) => token.id} />
      )}
      {going !== undefined && (
        <Confirm
          title={`Revoke ${going.name}?`}
          action="Revoke the token"
          busy={revoking.isPending}
          error={revoking.error}
          onConfirm={() => revoking.mutate(going)}
          onClose={() => setGoing(undefined)}
        >
          <p>Whatever uses it is refused from now on. This can't be taken back; a new one can be made.</p>
        </Confirm>
      )}
    </>
  );
}
