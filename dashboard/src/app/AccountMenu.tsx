import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";

import { change, forget } from "@/api/client";
import { sessionQuery } from "@/api/queries";
import { errorToast, Menu, useToast } from "@/parts";

import { to } from "./addresses";
import { type Theme, useTheme } from "./theme";

const themes: readonly (readonly [Theme, string])[] = [
  ["system", "Colours of the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** Who is signed in, the theme, the keys, and the way out. */
export function AccountMenu({ onKeys }: { onKeys: () => void }) {
  const session = useQuery(sessionQuery);
  const queries = useQueryClient();
  const [theme, chooseTheme] = useTheme();
  const [, go] = useLocation();
  const say = useToast();
  const leave = () => {
    change("DELETE", "/api/v1/session").then(
      () => {
        forget();
        queries.clear();
        go(to.signIn());
      },
      (error: unknown) => say(errorToast(error)),
    );
  };
  return (
    <Menu
      look="quiet"
      icon="user"
      name="Account and appearance"
      label={<span className="clip account-name">{session.data?.name ?? ""}</span>}
      entries={[
        ...themes.map(([value, label]) => ({
          label,
          checked: theme === value,
          onChoose: () => chooseTheme(value),
        })),
        { label: "Keys", icon: "info", aside: "?", onChoose: onKeys },
        { label: "Sign out", icon: "signout", onChoose: leave },
      ]}
    />
  );
}
