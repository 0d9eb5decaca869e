const exact = new Map<number, Intl.NumberFormat>();

/** Dollars with as many digits as say something: operations cost fractions of a cent. */
export function dollars(amount: number | undefined): string {
  if (amount === undefined) return "not known";
  const digits = amount === 0 || amount >= 1 ? 2 : Math.min(7, 2 - Math.floor(Math.log10(amount)));
  let format = exact.get(digits);
  if (format === undefined) {
    format = new Intl.NumberFormat("en-US", {
      style: "currency",
      currency: "USD",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    exact.set(digits, format);
  }
  return format.format(amount);
}

const day = 86_400_000;

/** A day as the API names it, so many after that of a moment. */
export function today(now: number, after: number): string {
  return new Date(now + after * day).toISOString().slice(0, 10);
}

/** Every day from one to another, both among them; a year at most. */
export function daysBetween(since: string, until: string): string[] {
  const found: string[] = [];
  for (let at = Date.parse(since); at <= Date.parse(until) && found.length < 366; at += day) found.push(today(at, 0));
  return found;
}
