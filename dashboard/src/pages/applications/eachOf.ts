/** A request for each, some at once; those that failed, with why. */
export async function eachOf<Each>(
  all: readonly Each[],
  ask: (each: Each) => Promise<void>,
  atOnce = 6,
): Promise<readonly { of: Each; error: unknown }[]> {
  const failures: { of: Each; error: unknown }[] = [];
  const left = all[Symbol.iterator]();
  const work = async () => {
    for (const each of { [Symbol.iterator]: () => left }) {
      try {
        await ask(each);
      } catch (error) {
        failures.push({ of: each, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, work));
  return failures;
}
