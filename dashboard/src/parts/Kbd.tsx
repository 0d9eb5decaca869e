/** Keys as they are pressed one after the other: "g a". */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="keys">
      {keys.split(" ").map((key, index) => (
        <kbd className="key" key={`${key}${index}`}>
          {key}
        </kbd>
      ))}
    </span>
  );
}
