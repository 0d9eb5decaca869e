import { type ReactNode, type SyntheticEvent, useId, useLayoutEffect, useRef } from "react";

import { IconButton } from "./Button";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** The buttons, the most likely one last. */
  foot?: ReactNode;
  wide?: boolean;
}

/** What has the focus to begin with: the first field, else what is most likely wanted, but for what takes away. */
const first = [
  ".dialog-body :is(input:not([type=checkbox], [type=radio]), select, textarea):not(:disabled)",
  ".dialog-foot .button[data-look=strong]:not(:disabled)",
  ".dialog-foot .button:not(:disabled)",
];

/** The browser's own dialog: it keeps the focus, takes Escape, and gives the focus back. Shown while it is rendered. */
export function Dialog({ title, onClose, children, foot, wide = false }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before it is taken out of the page: a dialog that is out of it gives no focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // The browser would begin at the button that closes it. A field would bring up a phone's keyboard unasked.
    const wanted = matchMedia("(pointer: coarse)").matches ? first.slice(1) : first;
    wanted
      .map((each) => dialog?.querySelector<HTMLElement>(each))
      .find((each) => each != null)
      ?.focus();
    return () => dialog?.close();
  }, []);
  const cancel = (event: SyntheticEvent) => {
    event.preventDefault(); // whoever renders it decides; closing alone would leave its state open
    onClose();
  };
  return (
    // A click on what lies behind closes it, for those with a pointer; Escape and the button are there for the rest.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      className="dialog"
      data-wide={wide ? "" : undefined}
      aria-labelledby={heading}
      onCancel={cancel}
      onClick={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <header className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      <div className="dialog-body">{children}</div>
      {foot !== undefined && <footer className="dialog-foot">{foot}</footer>}
    </dialog>
  );
}
