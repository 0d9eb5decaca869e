/** Addresses that somebody gave a name to. They are kept in this browser; an address itself can be sent to anybody. */
import { type SyntheticEvent, useState, useSyncExternalStore } from "react";
import { useLocation, useSearch } from "wouter";

import { Button, Dialog, Menu, useToast } from "@/parts";

import { readSaved, type SavedView, storeSaved, subscribe } from "./saving";

export function Saved() {
  const saved = useSyncExternalStore(subscribe, readSaved);
  const search = useSearch();
  const [, go] = useLocation();
  const [naming, setNaming] = useState(false);
  const say = useToast();
  const share = () => {
    navigator.clipboard.writeText(location.href).then(
      () => say({ tone: "good", text: "The address of this view is copied" }),
      () => say({ tone: "bad", text: "The browser did not let this page copy: take the address from its bar" }),
    );
  };
  const current = saved.find((each) => each.search === search);
  return (
    <>
      <Menu
        to="right"
        look="quiet"
        icon="save"
        name="Saved views"
        label={current?.name ?? "Saved"}
        entries={[
          ...saved.map((each) => ({
            key: each.name,
            label: each.name,
            checked: each === current,
            onChoose: () => go(`/applications${each.search === "" ? "" : `?${each.search}`}`),
          })),
          { label: "Save this view…", icon: "plus", onChoose: () => setNaming(true) },
          { label: "Copy its address", icon: "link", onChoose: share },
          ...(current === undefined
            ? []
            : [
                {
                  label: `Forget “${current.name}”`,
                  icon: "trash" as const,
                  look: "danger" as const,
                  onChoose: () => storeSaved(saved.filter((each) => each !== current)),
                },
              ]),
        ]}
      />
      {naming && <Naming search={search} saved={saved} onClose={() => setNaming(false)} />}
    </>
  );
}

function Naming({ search, saved, onClose }: { search: string; saved: readonly SavedView[]; onClose: () => void }) {
  const [name, setName] = useState("");
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    const given = name.trim();
    if (given === "") return;
    storeSaved([...saved.filter((each) => each.name !== given), { name: given, search }]);
    onClose();
  };
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <form className="apps-naming" onSubmit={save}>
        <label className="field">
          Name
          <input
            className="input"
            required
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <Button look="strong" type="submit">
          Save
        </Button>
      </form>
    </Dialog>
  );
}
