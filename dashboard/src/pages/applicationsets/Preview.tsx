/** What a set would change: applications by what would become of them, each with why, or with its difference. */
import { Mark, type Tone } from "@/parts";
import { Callout, Difference } from "@/parts/Sheet";
import type { Schema } from "@/api/types";

import "./applicationsets.css";

type Found = Schema<"FoundPreview">;
type Fate = "added" | "changed" | "removed" | "held" | "conflicts" | "refused" | "kept" | "outdated";

const fates: readonly (readonly [Fate, string, Tone, "tick" | "away" | "cross" | "pause" | "ask"])[] = [
  ["refused", "Refused", "bad", "cross"],
  ["conflicts", "In conflict", "bad", "cross"],
  ["removed", "Removed", "bad", "cross"],
  ["held", "Held until confirmed", "warn", "pause"],
  ["changed", "Changed", "warn", "away"],
  ["added", "Added", "good", "tick"],
  ["kept", "Kept, though not generated", "idle", "ask"],
  ["outdated", "Left as they are, though they differ", "idle", "ask"],
];

export function Preview({ preview }: { preview: Found }) {
  if (preview.error !== undefined) {
    return (
      <Callout tone="bad">
        <strong>It can't be worked out</strong>
        <span>{preview.error}</span>
      </Callout>
    );
  }
  const shown = fates.filter(([fate]) => (preview[fate]?.length ?? 0) > 0);
  return (
    <div className="sets-preview" role="status">
      <p>
        {preview.generated ?? 0} generated, {preview.unchanged ?? 0} unchanged
        {shown.length === 0 ? ": nothing would change." : "."}
      </p>
      {shown.map(([fate, title, tone, shape]) => (
        <section key={fate} aria-label={title}>
          <h3>
            <Mark tone={tone} shape={shape} word={title} /> <span className="count">{preview[fate]?.length}</span>
          </h3>
          <ul role="list">
            {preview[fate]?.map((each) => (
              <li key={each.name}>
                {each.diff === undefined || each.diff === "" ? (
                  <>
                    <strong>{each.name}</strong> <span className="soft">{each.why ?? each.from}</span>
                  </>
                ) : (
                  <details open={fate === "changed"}>
                    <summary>
                      <strong>{each.name}</strong> <span className="soft">{each.from}</span>
                    </summary>
                    <Difference text={each.diff} label={`Difference of ${each.name}`} />
                  </details>
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
