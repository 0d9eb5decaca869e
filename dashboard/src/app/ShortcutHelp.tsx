import { useState } from "react";

import { Dialog, Kbd } from "@/parts";

import { type Shortcut, singleKeysAreOn, switchSingleKeys, useShortcuts } from "./shortcuts";

/** What can be pressed on this page, first what only this page has. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const shortcuts = useShortcuts();
  const [on, setOn] = useState(singleKeysAreOn);
  const switchTo = (next: boolean) => {
    switchSingleKeys(next);
    setOn(next);
  };
  const goes = ({ keys }: Shortcut) => keys.startsWith("g ");
  const everywhere = ({ keys }: Shortcut) => keys === "?" || keys.startsWith("mod+");
  const here = shortcuts.filter((each) => !goes(each) && !everywhere(each));
  return (
    <Dialog title="Keys" wide onClose={onClose}>
      <div className="key-groups">
        {here.length > 0 && <Keys title="On this page" shortcuts={here} />}
        <Keys title="Anywhere" shortcuts={[...shortcuts.filter(everywhere), escape]} />
        <Keys title="Go to" shortcuts={shortcuts.filter(goes)} />
      </div>
      <label className="check-label">
        <input type="checkbox" className="check" checked={on} onChange={(event) => switchTo(event.target.checked)} />
        Single keys do something; those with Ctrl always do
      </label>
    </Dialog>
  );
}

const escape: Shortcut = { keys: "Escape", does: "Close what is open" };

function Keys({ title, shortcuts }: { title: string; shortcuts: readonly Shortcut[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="facts key-list">
        {shortcuts.map(({ keys, does }) => (
          <div key={keys}>
            <dt>
              <Kbd keys={keys.replace(/mod\+(.)/, (_, key: string) => `Ctrl ${key.toUpperCase()}`)} />
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
