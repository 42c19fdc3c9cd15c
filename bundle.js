// Bundles the scripts and stylesheets of the page into web/static/bundle; `--check` compares only.
// The bundle is committed, since an installation has no Node.js; the server passes over one that is
// not of its sources (web/middleware/static_files.py).

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { build } from "esbuild";

const SOURCES = "web/static";
const BUNDLE = join(SOURCES, "bundle");

// A page loads one of the scripts and the stylesheet. The map's part is in the same file: a request of
// its own would cost more than its 5 kB.
const ENTRIES = ["limn.js", "page.js", "reference.js", "page.css"];

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** The digest of the sources, by their names and bytes; the server makes the same (static_files.py). */
function digestOfSources() {
  const names = readdirSync(SOURCES, { recursive: true })
    .map((name) => name.split(sep).join("/"))
    .filter((name) => /\.(js|css)$/.test(name) && !/^bundle\/|(^|\/)\./.test(name))
    .sort();
  return sha256(names.map((name) => `${name} ${sha256(readFileSync(join(SOURCES, name)))}\n`).join(""));
}

async function bundleFiles() {
  const { outputFiles } = await build({
    entryPoints: ENTRIES.map((name) => join(SOURCES, name)),
    outdir: BUNDLE,
    bundle: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    external: ["*.svg"],
    write: false,
    logLevel: "warning",
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const manifest = { sources: digestOfSources() };
  return files.set("manifest.json", Buffer.from(`${JSON.stringify(manifest)}\n`));
}

const read = (name) => {
  try {
    return readFileSync(join(BUNDLE, name));
  } catch {
    return null; // not bundled yet
  }
};

const files = await bundleFiles();
if (process.argv.includes("--check")) {
  const stale = [...files].filter(([name, contents]) => !read(name)?.equals(contents)).map(([name]) => name);
  if (stale.length) {
    console.error(`${stale.join(", ")} of ${BUNDLE} are not what the sources make: run npm run bundle`);
    process.exit(1);
  }
} else {
  rmSync(BUNDLE, { recursive: true, force: true });
  mkdirSync(BUNDLE);
  for (const [name, contents] of files) writeFileSync(join(BUNDLE, name), contents);
}
