// Shows a job as it comes on: by server-sent events, or by asking where those do not come through.

import { renew } from "./follow.js";

const ENDED = ["done", "failed", "cancelled", "interrupted"];
const ASK_EVERY_MS = 2000;

const followed = new WeakSet();

/**
 * A time as exact as it is known: 20 seconds, 2 hours.
 *
 * @param {number} seconds
 */
function timeSpan(seconds) {
  const { lang } = document.documentElement;
  const [amount, unit] =
    seconds < 55
      ? [10 * Math.max(1, Math.round(seconds / 10)), "second"]
      : seconds < 5400
        ? [Math.round(seconds / 60), "minute"]
        : [Math.round(seconds / 3600), "hour"];
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(amount);
}

/**
 * @typedef {{state: string, cancelled: boolean, total: number, total_bytes: number,
 *   received_bytes: number, rate: number, left_s: number, current: string, added: number,
 *   changed: number, moved: number, unchanged: number, failed: number}} Job a job as the API describes it
 * @param {HTMLElement} shown
 * @param {Job} job
 */
function tell(shown, job) {
  /** @param {string} name */
  const find = (name) => shown.querySelector(`[data-${name}]`);
  const state = find("state");
  const working = job.cancelled ? state.dataset.ending : state.dataset.running;
  state.textContent = job.state === "queued" ? state.dataset.waiting : working;
  const waits = find("waits");
  if (waits) waits.hidden = job.state !== "queued";
  const downloads = job.total === null && job.total_bytes !== null;
  const unit = downloads ? 1e6 : 1;
  const total = downloads ? job.total_bytes : job.total;
  const dealt = downloads
    ? job.received_bytes
    : job.added + job.changed + job.moved + job.unchanged + job.failed;
  const words = downloads ? "downloadWords" : "words";
  const bar = shown.querySelector("progress");
  if (total !== null) {
    const done = Math.min(dealt, total); // counts may run ahead of the total for a moment
    bar.max = Math.max(total, 1);
    bar.value = done;
    const told = "found" in find("count").dataset ? Math.min(dealt - job.failed, total) : done;
    const [now, all] = [told, total].map((number) => Math.round(number / unit).toLocaleString());
    find("count").textContent = find("count").dataset[words].replace("{done}", now).replace("{total}", all);
  }
  const left = find("left");
  if (!left) return; // the first page tells no more
  left.textContent = job.left_s === null ? "" : left.dataset.words.replace("{time}", timeSpan(job.left_s));
  find("current").textContent = job.current ?? "";
}

/** @param {HTMLElement} shown */
function follow(shown) {
  const address = shown.dataset.job;
  /** @param {Job} job */
  const take = (job) => {
    if (!shown.isConnected) return stop();
    if (!ENDED.includes(job.state)) return tell(shown, job);
    stop();
    renew();
  };
  let timer = 0;
  const stream = new EventSource(`${address}/events`);
  const stop = () => {
    stream.close();
    clearInterval(timer);
  };
  stream.addEventListener("message", ({ data }) => take(JSON.parse(data)));
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED || timer) return; // the browser tries again by itself
    timer = setInterval(async () => {
      const answer = await fetch(address).catch(() => /** @type {Response} */ (null));
      if (answer?.ok) take(await answer.json());
    }, ASK_EVERY_MS);
  });
  addEventListener("pagehide", stop, { once: true });
}

function begin() {
  for (const shown of document.querySelectorAll("[data-job]")) {
    if (followed.has(shown)) continue;
    followed.add(shown);
    follow(shown);
  }
}

document.addEventListener("limn:shown", begin);
document.addEventListener("limn:renewed", begin);
begin();
