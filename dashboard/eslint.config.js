import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config({ ignores: ["dist", "node_modules", "src/api/schema.ts"] }, js.configs.recommended, {
  files: ["**/*.{ts,tsx}"],
  extends: [
    ...tseslint.configs.strictTypeChecked,
    ...tseslint.configs.stylisticTypeChecked,
    hooks.configs.flat["recommended-latest"],
    a11y.flatConfigs.strict,
  ],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    // Numbers and booleans read well in a text.
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
    "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    "@typescript-eslint/consistent-type-imports": "error",
    // noPropertyAccessFromIndexSignature asks for the brackets that this rule would take away.
    "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
    // A list whose look is not that of a list says its role again, for Safari drops it.
    "jsx-a11y/no-redundant-roles": ["error", { ul: ["list"], ol: ["list"] }],
    "no-console": "error",
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-restricted-syntax": [
      "error",
      {
        selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
        message: "Text of others is never markup here.",
      },
    ],
  },
});
