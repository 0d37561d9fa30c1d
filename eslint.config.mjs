import js from "@eslint/js";
import tseslint from "typescript-eslint";
import { rooms } from "./scripts/lint/rooms.mjs";

const production = ["agent/**/*.ts", "runtime/**/*.ts"];
const nodeScriptGlobals = {
  process: "readonly",
  console: "readonly",
  performance: "readonly",
  URL: "readonly",
};

export default tseslint.config(
  { ignores: ["**/node_modules/", "dist/", ".cache/", "**/generated/", "**/*.d.ts"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.ts"],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/promise-function-async": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": false }],
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      eqeqeq: "error",
      "max-lines": ["error", { max: 500 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "prefer-const": "error",
    },
  },
  {
    files: production,
    rules: {
      "no-console": "error",
    },
  },
  ...rooms,
  {
    files: ["test/**/*.ts"],
    rules: { "max-lines-per-function": "off", "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
  {
    files: ["**/*.mjs", "**/*.cjs"],
    extends: [js.configs.recommended],
    languageOptions: { globals: nodeScriptGlobals },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", { max: 500 }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", { max: 4 }],
    },
  },
);
