// The rooms of CONTRIBUTING.md that are about what a line says rather than whom a file imports;
// the import rules are in .dependency-cruiser.cjs.

const vmmWord = "/^(?!qemu-img-ts$).*([Qq][Ee][Mm][Uu]|(^|[^A-Za-z])xen|Xen|XEN)/";
const vmmMessage = "only hypervisor/<name>/, its registry and the configuration's choices name a VMM";

const vmmWords = [
  { selector: `Identifier[name=${vmmWord}]`, message: vmmMessage },
  { selector: `Literal[value=${vmmWord}]`, message: vmmMessage },
  { selector: `TemplateElement[value.raw=${vmmWord}]`, message: vmmMessage },
];

const errorRules = [
  {
    selector: "NewExpression[callee.name='Error']",
    message: "throw a RunvError: a code from the closed list, the name of the thing, the cause",
  },
  {
    selector:
      "CallExpression[callee.property.name=/^(includes|startsWith|endsWith|match|search|indexOf)$/][callee.object.property.name='message']",
    message: "branch on an error's code, never on its text",
  },
  {
    selector:
      "CallExpression[callee.property.name='test'] > MemberExpression.arguments[property.name='message']",
    message: "branch on an error's code, never on its text",
  },
];

const assertionMessage =
  "narrow outside data in one parse function; only `as const` and `as Record<string, unknown>` stand";
const assertions = [
  { selector: "TSAsExpression[typeAnnotation.type!='TSTypeReference']", message: assertionMessage },
  { selector: "TSAsExpression[typeAnnotation.typeName.name!=/^(const|Record)$/]", message: assertionMessage },
  {
    selector:
      "TSAsExpression > TSTypeReference[typeName.name='Record'] > TSTypeParameterInstantiation > :nth-child(2):not(TSUnknownKeyword)",
    message: assertionMessage,
  },
];

const cliProperties = ["exit", "exitCode", "argv", "stdout", "stdin"].map((property) => ({
  object: "process",
  property,
  message: "exit, argv and the standard streams belong to cli/",
}));

const guestGlobals = ["process", "Buffer", "console", "setTimeout", "setInterval", "require"].map((name) => ({
  name,
  message: "QuickJS code and the protocol know neither Node nor the DOM",
}));

const nativeModules = {
  patterns: [
    { group: ["runv:*", "std", "os", "bjson"], message: "only the room's sys.ts imports the C module" },
  ],
};

const allSources = ["agent/**/*.ts", "runtime/**/*.ts"];
const vmmRooms = [
  "runtime/src/hypervisor/qemu/**",
  "runtime/src/hypervisor/xen/**",
  "runtime/src/hypervisor/registry.ts",
  "runtime/src/config/choices.ts",
  "runtime/src/config/schema.ts",
  "runtime/src/cli/commands/check.ts",
  "runtime/qemu-img-ts/**",
];
// Packages that are published on their own have their own error classes.
const ownErrors = ["runtime/vsock/**", "runtime/qemu-img-ts/**"];

/** ESLint flat configuration: one entry per room. */
export const rooms = [
  {
    name: "rooms 1, 7 and 8: VMM words, assertions, errors",
    files: allSources,
    ignores: [...vmmRooms, ...ownErrors],
    rules: { "no-restricted-syntax": ["error", ...assertions, ...vmmWords, ...errorRules] },
  },
  {
    name: "room 1: VMM words (packages with their own errors)",
    files: ["runtime/vsock/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...assertions, ...vmmWords] },
  },
  {
    name: "rooms 7 and 8: assertions, errors (where a VMM may be named)",
    files: vmmRooms.filter((room) => !ownErrors.includes(room)),
    rules: { "no-restricted-syntax": ["error", ...assertions, ...errorRules] },
  },
  {
    name: "room 7: assertions (where a VMM may be named, own errors)",
    files: ["runtime/qemu-img-ts/**/*.ts"],
    rules: { "no-restricted-syntax": ["error", ...assertions] },
  },
  {
    name: "room 2: neither Node nor DOM in the guest, the resident pieces and the protocol",
    files: ["agent/**/*.ts", "runtime/resident/**/*.ts"],
    rules: { "no-restricted-globals": ["error", ...guestGlobals] },
  },
  {
    name: "room 3: system calls through sys.ts",
    files: ["agent/**/*.ts", "runtime/resident/**/*.ts"],
    ignores: ["agent/src/linux/sys.ts", "runtime/resident/sys.ts"],
    rules: { "no-restricted-imports": ["error", nativeModules] },
  },
  {
    name: "room 6: exit, argv and standard streams belong to cli/",
    files: ["runtime/src/**/*.ts", "runtime/vsock/**/*.ts", "runtime/qemu-img-ts/**/*.ts"],
    ignores: ["runtime/src/cli/**"],
    rules: {
      "no-restricted-properties": ["error", ...cliProperties],
      "no-restricted-imports": [
        "error",
        { paths: [{ name: "node:process", message: "use the global: lint watches its members" }] },
      ],
    },
  },
  {
    name: "room 9: sleeps and timers have one home",
    files: ["runtime/src/**/*.ts"],
    ignores: ["runtime/src/shared/**"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["setTimeout", "setInterval"].map((name) => ({
          name,
          message: "wait through shared/ with a named deadline",
        })),
      ],
    },
  },
];
