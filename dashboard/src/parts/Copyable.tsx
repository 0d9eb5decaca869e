import { IconButton } from "./Button";
import { useToast } from "./Toasts";

/** Copies a text, and says whether that worked. */
export function useCopying(): (text: string) => void {
  const say = useToast();
  return (text) => {
    navigator.clipboard.writeText(text).then(
      () => say({ tone: "good", text: "Copied" }),
      () => say({ tone: "bad", text: "The browser did not let this page copy: select the text and copy it by hand" }),
    );
  };
}

/** A command, an address or a name, with a button that copies it. */
export function Copyable({ text, label = "Copy" }: { text: string; label?: string }) {
  const copy = useCopying();
  return (
    <span className="copyable">
      {/* A long command is scrolled by keys as well. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <code tabIndex={0}>{text}</code>
      <IconButton icon="copy" label={label} onClick={() => copy(text)} />
    </span>
  );
}
