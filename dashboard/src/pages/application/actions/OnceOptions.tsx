/** What a sync can be told for itself alone; the application stays as it is declared. */
import { Choice } from "./Choice";
import type { Once } from "./choosing";

interface Props {
  once: Once;
  onChange: (once: Once) => void;
}

const options = [
  ["Replace=true", "Replace", "Puts what differs in the place of what is there, with what others set in it"],
  ["Force=true", "Force", "Deletes and makes anew what can't be changed in place"],
  ["CreateNamespace=true", "Create namespace", "Makes the destination's namespace"],
  ["PruneLast=true", "Prune last", "Deletes when everything else is done and well"],
  ["Validate=false", "Skip validation", "Leaves out fields that the schema doesn't know"],
  ["RespectIgnoreDifferences=true", "Respect ignored differences", "Doesn't send fields that are ignored"],
] as const;

export function OnceOptions({ once, onChange }: Props) {
  const told = once.options.size + (once.hooks ? 0 : 1) + (once.retries === "" ? 0 : 1);
  return (
    <details className="act-once">
      <summary>
        For this sync alone <span className="soft">{told === 0 ? "nothing chosen" : `${told} chosen`}</span>
      </summary>
      <fieldset className="act-choices">
        <legend className="hidden-text">Options of this sync</legend>
        {options.map(([option, label, note]) => (
          <Choice
            key={option}
            label={label}
            note={note}
            checked={once.options.has(option)}
            onChange={(on) => {
              const after = new Set(once.options);
              if (on) after.add(option);
              else after.delete(option);
              onChange({ ...once, options: after });
            }}
          />
        ))}
        <Choice
          label="Without hooks"
          note="Applies the objects, and runs no hook"
          checked={!once.hooks}
          onChange={(on) => onChange({ ...once, hooks: !on })}
        />
        <label className="act-retries">
          Retries
          <input
            className="input"
            type="number"
            min={0}
            max={100}
            inputMode="numeric"
            placeholder="none"
            value={once.retries}
            onChange={(event) => onChange({ ...once, retries: event.target.value })}
          />
          <span className="soft">Where it fails, after 5, 10, 20… seconds, as the same operation</span>
        </label>
      </fieldset>
    </details>
  );
}
