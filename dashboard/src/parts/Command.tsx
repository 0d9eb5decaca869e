import { useCopying } from "./Copyable";
import { Icon } from "./Icon";

/** The command that tells what a page shows, to be copied. A phone has no command line, and doesn't show it. */
export function Command({ text }: { text: string }) {
  const copy = useCopying();
  return (
    <button type="button" className="command" title={`Copy: ${text}`} onClick={() => copy(text)}>
      <Icon name="copy" size={14} />
      <span className="hidden-text">Copy the command </span>
      <code className="clip">{text}</code>
    </button>
  );
}

/** A word of a command as a shell reads it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
