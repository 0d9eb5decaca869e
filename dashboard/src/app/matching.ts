/** Finding by typing parts of a name: "shpr" finds "shop-prod", and "shop prod" does as well. */

export interface Candidate {
  text: string;
}

/** The candidates that fit best, at most so many of them. */
export function best<Each extends Candidate>(all: readonly Each[], typed: string, most: number): readonly Each[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return all.slice(0, most);
  return all
    .map((each) => ({ each, score: score(each.text.toLowerCase(), wanted) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score || one.each.text.length - other.each.text.length)
    .slice(0, most)
    .map(({ each }) => each);
}

/** 0 for no fit; more for letters that stand together and at the start of words. */
function score(text: string, wanted: string): number {
  const whole = text.indexOf(wanted);
  if (whole === 0) return 1000;
  if (whole > 0) return isStart(text, whole) ? 900 : 700;
  let sum = 0;
  let from = 0;
  let together = 0;
  for (const letter of wanted) {
    if (letter === " ") continue;
    const at = text.indexOf(letter, from);
    if (at < 0) return 0;
    together = at === from ? together + 1 : 0;
    sum += 1 + together * 2 + (isStart(text, at) ? 5 : 0);
    from = at + 1;
  }
  return sum;
}

function isStart(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text.charAt(at - 1));
}
