/** One thing that can be chosen, with what it does. */
interface Props {
  label: string;
  note: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

export function Choice({ label, note, checked, onChange }: Props) {
  return (
    <label className="act-choice">
      <input type="checkbox" className="check" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label} <span className="soft">{note}</span>
      </span>
    </label>
  );
}
