import { useEffect, useRef, useState } from "react";

import { SearchField } from "@/parts";

/** Only lines with this text; asked for once somebody has stopped typing. */
export function LogFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const [known, setKnown] = useState(value);
  if (value !== known) {
    // The address says otherwise: somebody went back, or followed a link.
    setKnown(value);
    setTyped(value);
  }
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    if (typed === value) return undefined;
    const timer = setTimeout(() => latest.current(typed), 350);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <SearchField
      small
      label="Only lines with"
      value={typed}
      onChange={setTyped}
      onLeave={() => latest.current(typed)}
    />
  );
}
