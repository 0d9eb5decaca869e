/** Every icon, drawn on a grid of 16: lines of 1.5 in the colour of the text around them. */

const shapes = {
  anchor:
    "M8 4.6V14M5.2 7h5.6M2.8 9.8c.3 2.5 2.5 4.2 5.2 4.2s4.9-1.7 5.2-4.2M9.6 3a1.6 1.6 0 1 1-3.2 0 1.6 1.6 0 0 1 3.2 0",
  apps: "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z",
  arrow: "M3 8h10M9 4l4 4-4 4",
  back: "M13 8H3M7 4 3 8l4 4",
  bolt: "M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z",
  branch:
    "M4.5 5.5v5M11.5 6.5v.5a3 3 0 0 1-3 3h-1a3 3 0 0 0-3 1M6 4a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0M6 12a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0M13 5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0",
  cards: "M2.5 3h11v4h-11zM2.5 9.5h11v3.5h-11z",
  check: "m3.5 8.5 3 3 6-7",
  chevron: "m4.5 6.5 3.5 3.5 3.5-3.5",
  clock: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M8 4.8V8l2.2 1.6",
  close: "m4 4 8 8M12 4l-8 8",
  cluster: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM8 8v6M8 8l5.4-3M8 8 2.6 5",
  coins:
    "M8 6.5c2.8 0 5-1 5-2.2S10.8 2 8 2 3 3 3 4.3s2.2 2.2 5 2.2M3 4.3V8c0 1.2 2.2 2.2 5 2.2s5-1 5-2.2V4.3M3 8v3.7C3 13 5.2 14 8 14s5-1 5-2.3V8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  diff: "M8 2.5v6M5 5.5h6M5 12.5h6",
  dots: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  down: "M8 3v10M4 9l4 4 4-4",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10",
  drift: "M2 6c2-2 4-2 6 0s4 2 6 0M2 10.5c2-2 4-2 6 0s4 2 6 0",
  expand: "M9.5 3H13v3.5M6.5 13H3V9.5M13 3 9 7M3 13l4-4",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  fit: "M2.5 5.5v-3h3M10.5 2.5h3v3M13.5 10.5v3h-3M5.5 13.5h-3v-3",
  folder: "M2 4.5A1 1 0 0 1 3 3.5h3l1.5 2H13a1 1 0 0 1 1 1V12a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1z",
  group: "M2.5 3.5h11M2.5 3.5v2M5 8h8.5M5 12.5h8.5M2.5 8h.01M2.5 12.5h.01",
  hook: "M6 9a3 3 0 1 1 2-5.2M8.5 5.5l2.2 3.8M11 8.5a2.7 2.7 0 1 1-1.5 5M9 12H5.5M5.5 12a2 2 0 1 1-2.5-2",
  info: "M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M8 7.5v3.3M8 5.2h.01",
  key: "M7.5 8.5 13.5 2.5M11 5l2 2M8 11a3 3 0 1 1-6 0 3 3 0 0 1 6 0",
  link: "M6.5 9.5l3-3M7.5 4.5l1.3-1.3a2.8 2.8 0 0 1 4 4L11.5 8.5M8.5 11.5l-1.3 1.3a2.8 2.8 0 0 1-4-4L4.5 7.5",
  list: "M6 4h7.5M6 8h7.5M6 12h7.5M2.7 4h.01M2.7 8h.01M2.7 12h.01",
  map: "M2.5 2.5h5v6h-5zM10 2.5h3.5v3.5H10zM10 8.5h3.5v5H10zM2.5 11h5v2.5h-5z",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  minus: "M3 8h10",
  moon: "M13.5 9.5A6 6 0 1 1 6.5 2.5a4.8 4.8 0 0 0 7 7",
  network:
    "M8 5.5V8M8 8H3.5v2.5M8 8h4.5v2.5M10 3.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0M5 12.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0M14 12.5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0",
  pause: "M6 4v8M10 4v8",
  play: "M5 3.5v9l7-4.5z",
  plus: "M8 3v10M3 8h10",
  question: "M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1v.3M8 12h.01",
  refresh: "M13 3v3.5H9.5M3 13V9.5h3.5M12.8 6.5A5.3 5.3 0 0 0 3.6 5M3.2 9.5a5.3 5.3 0 0 0 9.2 1.5",
  save: "M4 2.5h8v11L8 10.5l-4 3z",
  search: "M11.5 7a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0M13.5 13.5l-3.2-3.2",
  sets: "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3",
  settings:
    "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M11.5 5a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0M7.5 11a1.5 1.5 0 1 1-3 0 1.5 1.5 0 0 1 3 0",
  signout: "M6.5 2.5h-4v11h4M7 8h7M11 5l3 3-3 3",
  stop: "M4 4h8v8H4z",
  sun: "M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M12.6 3.4l-.7.7M4.1 11.9l-.7.7",
  sync: "M2.5 7a5.5 5.5 0 0 1 9.8-2.5L13.5 6M13.5 2.5V6H10M13.5 9a5.5 5.5 0 0 1-9.8 2.5L2.5 10M2.5 13.5V10H6",
  table: "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M6.5 6.3V13",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9",
  tree: "M2 6h4v4H2zM10 2h4v4h-4zM10 10h4v4h-4zM6 8h2M10 4H8v8h2",
  undo: "M3.5 6h6.5a3.5 3.5 0 0 1 0 7H6M6.5 3l-3 3 3 3",
  up: "M8 13V3M4 7l4-4 4 4",
  user: "M10.5 5.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0M3 13.5c.5-2.5 2.5-4 5-4s4.5 1.5 5 4",
  warning: "M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.5h.01",
  wrap: "M2.5 4h11M2.5 8h8.7a2 2 0 0 1 0 4.2H8M9.6 10.4 7.8 12.2l1.8 1.8M2.5 12.2h2.7",
} as const;

export type IconName = keyof typeof shapes;

/** Decoration: whatever it says is said in words beside it, or in the name of its button. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={shapes[name]} />
    </svg>
  );
}
