import { useState } from "react";

import { Dialog, Kbd } from "@/parts";

import { singleKeysAreOn, switchSingleKeys, useShortcuts } from "./shortcuts";

/** What can be pressed on this page. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const shortcuts = useShortcuts();
  const [on, setOn] = useState(singleKeysAreOn);
  const switchTo = (next: boolean) => {
    switchSingleKeys(next);
    setOn(next);
  };
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="facts key-list">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <Kbd keys={keys.replace("mod+", "Ctrl ")} />
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="check-label">
        <input type="checkbox" className="check" checked={on} onChange={(event) => switchTo(event.target.checked)} />
        Keys without Ctrl do something
      </label>
    </Dialog>
  );
}
