/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Where `npm run dev` finds an API: that of `make up`, unless MOORING_URL names another.
const api = process.env["MOORING_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { "/api": api } },
  build: {
    target: ["chrome123", "firefox121", "safari17.5"],
    // Nothing is put into the page itself: the policy allows no inline script, style or data address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: true,
    license: { fileName: "licences.md" },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
