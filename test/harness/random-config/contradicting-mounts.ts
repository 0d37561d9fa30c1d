const mount = (more: object): readonly object[] => [
  { destination: "/odd", type: "tmpfs", source: "odd", ...more },
];
const bind = (more: object): readonly object[] => mount({ type: "bind", source: "/usr", ...more });
const range = { containerID: 0, hostID: 1, size: 1 };

/** Lists of mounts with something in them that nobody can be given. */
export const fullMounts: readonly [readonly object[], ...(readonly object[])[]] = [
  mount({ destination: "" }),
  mount({ destination: "/a\0" }),
  mount({ type: "" }),
  mount({ type: "9p" }),
  mount({ type: "no-such-type" }),
  mount({ options: ["no-such-option"] }),
  mount({ options: ["size=lots"] }),
  mount({ options: "ro" }),
  mount({ options: ["idmap"] }),
  mount({ type: "proc", options: ["tmpcopyup"] }),
  mount({ uidMappings: [range], gidMappings: [range] }),
  bind({ source: "/no/such/source" }),
  bind({ source: "" }),
  bind({ source: "/dev/null" }),
  bind({ options: ["rshared"] }),
  bind({ options: ["bind", "shared"] }),
  bind({ options: ["bind", "no-such-option"] }),
  bind({ uidMappings: [range] }),
  bind({ uidMappings: [range, range], gidMappings: [range] }),
];
