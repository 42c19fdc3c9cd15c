// Rules for the scripts of the page. Prettier decides the format, tsc the types.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/*", "!*.js", "!web/", "!web/static/", "!web/static/**/*.js", "web/static/bundle/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-implicit-globals": "error",
      "no-throw-literal": "error",
    },
  },
  { files: ["web/static/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["*.js"], languageOptions: { globals: globals.node } },
];
