/** What was read, by address, so that asking again costs nothing where nothing has changed.

    A page that stays open for a day asks for addresses without end: ever new operations, objects and moments. So an
    answer leaves once nobody has asked for it for a while, which is as long as the pages themselves hold what is no
    longer shown. Its tag stays longer, for it is a few bytes: whoever has had a document before them for an hour
    changes that one and no newer one. */

/** Milliseconds for which what nobody asks for is held. */
export const unasked = 5 * 60_000;

interface Kept {
  tag: string;
  value: unknown;
}

export interface Keeping {
  /** The answer of an address, as long as it is held. */
  find: (address: string) => Kept | undefined;
  /** The tag of what was last read, which lasts longer than the answer. */
  tagOf: (address: string) => string | undefined;
  keep: (address: string, tag: string, value: unknown) => void;
  clear: () => void;
  /** How many answers are held, and how many tags. */
  count: () => { answers: number; tags: number };
}

/** An empty store of so many addresses. `now` gives milliseconds that never go back. */
export function keeping(most = 150, lasting = unasked, now: () => number = () => performance.now()): Keeping {
  // Both in the order in which they were last asked for, the oldest first.
  const answers = new Map<string, Kept & { at: number }>();
  const tags = new Map<string, string>();

  const tidy = () => {
    const since = now() - lasting;
    for (const [address, { at }] of answers) {
      if (at > since && answers.size <= most) break;
      answers.delete(address);
    }
    for (const address of tags.keys()) {
      if (tags.size <= most) break;
      tags.delete(address);
    }
  };
  return {
    find: (address) => {
      tidy();
      return answers.get(address);
    },
    tagOf: (address) => tags.get(address),
    keep: (address, tag, value) => {
      answers.delete(address);
      tags.delete(address);
      answers.set(address, { tag, value, at: now() });
      tags.set(address, tag);
      tidy();
    },
    clear: () => {
      answers.clear();
      tags.clear();
    },
    count: () => ({ answers: answers.size, tags: tags.size }),
  };
}
