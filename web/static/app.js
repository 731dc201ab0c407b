// Keys, news and charts; every page works without this file.
"use strict";

const PLACES = { n: "/", s: "/sessions", j: "/jobs", t: "/tools", c: "/cost", h: "/health" };
let going = 0;

function rows() {
  return [...document.querySelectorAll("[data-rows] tbody > tr, [data-rows] > .line, [data-row]")].filter((row) => row.offsetParent !== null);
}

function mark(row) {
  document.querySelectorAll(".at").forEach((old) => old.classList.remove("at"));
  row.classList.add("at");
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("a.row, a, summary");
  if (link) link.focus({ preventScroll: true });
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const now = all.findIndex((row) => row.classList.contains("at"));
  mark(all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, now + by))]);
}

function error(by) {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains("at"));
  const found = by > 0 ? all.slice(now + 1).find((row) => row.matches(".bad")) : all.slice(0, Math.max(now, 0)).reverse().find((row) => row.matches(".bad"));
  if (found) return mark(found);
  const elsewhere = document.querySelector(by > 0 ? "[data-next-error]" : "[data-previous-error]");
  if (elsewhere) location.assign(elsewhere.href);
}

function fold() {
  const all = [...document.querySelectorAll("main details:not(.long)")];
  const open = all.some((one) => !one.open);
  all.forEach((one) => { one.open = open; });
}

const KEYS = {
  "/": () => document.querySelector(".find input").focus(),
  j: () => step(1),
  k: () => step(-1),
  e: () => error(1),
  E: () => error(-1),
  o: fold,
  "?": () => document.getElementById("keys").showModal(),
  g: () => { going = Date.now(); },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (going && Date.now() - going < 1200 && PLACES[event.key]) {
    going = 0;
    location.assign(PLACES[event.key]);
    return;
  }
  going = 0;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  document.getElementById("keys").close();
  act();
});

// News: the server says that something was written; the page then asks for its live part again, at most once a second.
function listen(part) {
  let wanted = false;
  let busy = false;
  const ask = () => {
    if (document.hidden || busy) { wanted = true; return; }
    wanted = false;
    busy = true;
    if (part.id === "live") htmx.trigger(part, "news");
    else location.reload();
    setTimeout(() => { busy = false; if (wanted) ask(); }, 500);
  };
  const source = new EventSource("/live");
  const say = (text, on) => {
    const told = document.getElementById("liveness");
    if (told) told.textContent = text;
    document.querySelectorAll(".pulse").forEach((dot) => dot.classList.toggle("off", !on));
  };
  source.addEventListener("news", ask);
  let lost = false;
  source.onopen = () => { say("live", true); if (lost) ask(); lost = false; };
  source.onerror = () => { lost = true; say("not connected; trying again", false); };
  document.addEventListener("visibilitychange", () => { if (wanted) ask(); });
  addEventListener("pagehide", () => source.close());
}

document.querySelectorAll("[data-live]").forEach(listen);

// Charts: the numbers stand in a table beside them, which is all there is without this file.
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888";
}

function chart(figure) {
  const table = figure.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].filter((head) => !("skip" in head.dataset));
  const lines = [...table.tBodies[0].rows];
  const data = heads.map((_, at) => lines.map((row) => { const text = row.cells[at].dataset.v; return text === "" || text === undefined ? null : Number(text); }));
  const money = (value) => (value === null || value === undefined ? "–" : `$${value.toFixed(value && Math.abs(value) < 1 ? 4 : 2)}`);
  const short = (value) => (value === null || value === undefined ? "–" : Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value));
  const axis = { stroke: colour("dim"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "11px system-ui, sans-serif" };
  const timed = figure.dataset.x === "time";
  const unit = heads[1] && heads[1].dataset.unit === "usd" ? money : short;
  const series = heads.map((head, at) => (at === 0 ? {} : {
    label: head.textContent.trim(),
    stroke: colour(head.dataset.colour || "llm"),
    width: 1.5,
    fill: at === 1 ? `${colour(head.dataset.colour || "llm")}22` : undefined,
    points: { show: lines.length < 40, size: 5 },
    spanGaps: false,
    value: (_, value) => unit(value),
  }));
  const box = document.createElement("div");
  box.className = "chart";
  box.setAttribute("aria-hidden", "true");
  figure.prepend(box);
  const plot = new uPlot({
    width: box.clientWidth || 600, height: 190, series,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC"),
    scales: { x: { time: timed } },
    axes: [axis, { ...axis, size: 56, values: (_, ticks) => ticks.map(unit) }],
    cursor: { y: false },
  }, data, box);
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: 190 })).observe(figure);
}

document.querySelectorAll("figure[data-chart]").forEach((figure) => {
  if (!window.uPlot) return;
  const inside = figure.closest("details");
  if (!inside || inside.open) chart(figure);
  else inside.addEventListener("toggle", () => chart(figure), { once: true });
});

// A filter that is chosen from a list is applied at once.
document.querySelectorAll("form.filters").forEach((form) => {
  form.addEventListener("change", (event) => { if (event.target.matches("select")) form.requestSubmit(); });
  form.addEventListener("submit", () => { form.querySelectorAll("input, select").forEach((field) => { if (!field.value) field.disabled = true; }); });
});
addEventListener("pageshow", () => document.querySelectorAll("form.filters :disabled").forEach((field) => { field.disabled = false; }));

// Folding: hides the rows below a span that are loaded; without this file the sign leads to that part alone.
document.addEventListener("click", (event) => {
  const sign = event.target.closest(".waterfall a.twisty");
  if (!sign || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const row = sign.closest("tr");
  const folded = row.classList.toggle("folded");
  row.setAttribute("aria-expanded", String(!folded));
  const level = Number(row.getAttribute("aria-level"));
  let skip = Infinity;
  for (let next = row.nextElementSibling; next && Number(next.getAttribute("aria-level")) > level; next = next.nextElementSibling) {
    const at = Number(next.getAttribute("aria-level"));
    if (at <= skip) skip = Infinity;
    next.hidden = folded || at > skip;
    if (!next.hidden && next.classList.contains("folded")) skip = at;
  }
});

addEventListener("load", () => { const row = document.querySelector(".waterfall tr.at"); if (row) row.scrollIntoView({ block: "center" }); });
document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-rows] tbody > tr[data-row]");
  if (row) { document.querySelectorAll(".at").forEach((old) => old.classList.remove("at")); row.classList.add("at"); }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.target.matches(".sql textarea")) event.target.form.requestSubmit();
});
