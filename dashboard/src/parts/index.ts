/** The parts that pages are made of. */
export { Button, type ButtonLook, IconButton, LinkButton } from "./Button";
export { Command, quoted } from "./Command";
export { Copyable } from "./Copyable";
export { Dialog } from "./Dialog";
export { Chosen, Filter, FilterBar, type FilterOption } from "./FilterBar";
export { Icon, type IconName } from "./Icon";
export { Kbd } from "./Kbd";
export { HealthMark, healthLook, healthOrder, Mark, PhaseMark, phaseLook, Sign, SyncMark, type Tone } from "./Marks";
export { Menu, type MenuEntry } from "./Menu";
export { RelativeTime } from "./RelativeTime";
export { SearchField } from "./SearchField";
export { EmptyState, ErrorState, Skeleton } from "./States";
export { type Column, Table } from "./Table";
export { Tabs } from "./Tabs";
export { exactly, lasting } from "./times";
export { errorToast, useToast } from "./Toasts";
export { VirtualList, type VirtualListHandle } from "./VirtualList";
