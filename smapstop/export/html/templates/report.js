"use strict";
// Everything is readable without this script: it adds the cursor and the zoom of the chart, sorting and searching,
// and the zoom of the flame graph.

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

// amounts and times, as elsewhere in the report

function amount(kb) {
  if (kb === null || kb === undefined) return "–";
  if (!kb) return "0";
  for (const unit of "KMGTP") {
    if (kb < 1023.5) return `${kb >= 999.5 ? kb.toFixed(0) : String(Number(kb.toPrecision(3)))} ${unit}`;
    kb /= 1024;
  }
  return `${Number(kb.toPrecision(3))} E`;
}

function clock(seconds, withSeconds = true) {
  const whole = Math.floor(seconds + 1e-6) % 86400;
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (withSeconds) parts.push(whole % 60);
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

function timeLabels(begin, first, last) {
  const step = STEPS.find((each) => (last - first) / each <= 6) ?? STEPS.at(-1);
  const labels = [];
  for (let at = Math.ceil((begin + first) / step - 1e-9) * step - begin; at <= last; at += step) {
    const tenths = step < 1 ? `.${Math.floor(((begin + at) % 1) * 10 + 1e-6)}` : "";
    labels.push([at, clock(begin + at, step < 60) + tenths]);
  }
  return labels;
}

// the chart: it is zoomed by its view box, so that nothing has to be drawn again

for (const figure of document.querySelectorAll("[data-chart]")) {
  const data = JSON.parse(figure.querySelector("[data-series]").textContent);
  const canvas = figure.querySelector("[data-canvas]");
  const svg = canvas.querySelector("svg");
  const cursor = figure.querySelector("[data-cursor]");
  const range = figure.querySelector("[data-range]");
  const reading = figure.querySelector("[data-reading]");
  const all = figure.querySelector("[data-all]");
  const whole = data.seconds.at(-1) || 1e-9;
  let first = 0, last = whole, at = null, dragFrom = null;

  const shown = () => Number(figure.querySelector("input:checked").value);
  const place = (seconds) => (100 * (seconds - first)) / (last - first);
  const timeAt = (event) => {
    const box = canvas.getBoundingClientRect();
    return first + clamp((event.clientX - box.left) / box.width, 0, 1) * (last - first);
  };

  function nearest(seconds) {
    let low = 0, high = data.seconds.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (data.seconds[middle] < seconds) low = middle + 1;
      else high = middle;
    }
    return low && seconds - data.seconds[low - 1] < data.seconds[low] - seconds ? low - 1 : low;
  }

  function pointTo(number) {
    at = number;
    const seconds = data.seconds[at];
    cursor.hidden = seconds < first || seconds > last;
    cursor.style.left = `${clamp(place(seconds), 0, 100)}%`;
    const { parts, stacked } = data.plots[shown()];
    const texts = [...parts].reverse().map((part) => `${part.name} ${amount(part.kb[at])}`);
    const sum = stacked && parts.length > 1 ? ` = ${amount(parts.reduce((total, part) => total + (part.kb[at] ?? 0), 0))}` : "";
    reading.textContent = `${clock(data.begin + seconds)}  ${texts.join(stacked ? " + " : "   ")}${sum}`;
  }

  function show(from, to) {
    const least = Math.min(whole, Math.max(whole / 500, 1e-3));
    const length = clamp(to - from, least, whole);
    first = clamp(from, 0, whole - length);
    last = first + length;
    svg.setAttribute("viewBox", `${(1000 * first) / whole} 0 ${(1000 * length) / whole} 240`);
    all.hidden = length >= whole;
    const times = figure.querySelector("[data-times]");
    times.replaceChildren(
      ...timeLabels(data.begin, first, last).map(([seconds, text]) => {
        const label = document.createElement("span");
        label.textContent = text;
        label.style.left = `${place(seconds)}%`;
        label.style.transform = `translateX(-${place(seconds)}%)`;
        return label;
      }),
    );
    for (const marker of figure.querySelectorAll("[data-markers] a")) {
      const percent = place((Number(marker.dataset.percent) / 100) * whole);
      marker.hidden = percent < 0 || percent > 100;
      marker.style.left = `${percent}%`;
    }
    if (at !== null) pointTo(at);
  }

  function zoom(factor, around) {
    const length = (last - first) * factor;
    show(around - (around - first) * factor, around - (around - first) * factor + length);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    dragFrom = timeAt(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const seconds = timeAt(event);
    pointTo(nearest(seconds));
    if (dragFrom === null) return;
    const [left, right] = [place(Math.min(dragFrom, seconds)), place(Math.max(dragFrom, seconds))];
    range.hidden = right - left < 1;
    range.style.left = `${left}%`;
    range.style.width = `${right - left}%`;
  });
  canvas.addEventListener("pointerup", (event) => {
    const seconds = timeAt(event);
    if (!range.hidden && dragFrom !== null) show(Math.min(dragFrom, seconds), Math.max(dragFrom, seconds));
    dragFrom = null;
    range.hidden = true;
  });
  canvas.addEventListener("pointercancel", () => { dragFrom = null; range.hidden = true; });
  canvas.addEventListener("dblclick", () => show(0, whole));
  canvas.addEventListener("keydown", (event) => {
    const now = at ?? nearest(last);
    const step = event.shiftKey ? 10 : 1;
    const actions = {
      ArrowLeft: () => pointTo(Math.max(0, now - step)),
      ArrowRight: () => pointTo(Math.min(data.seconds.length - 1, now + step)),
      Home: () => pointTo(nearest(first)),
      End: () => pointTo(nearest(last)),
      "+": () => zoom(0.5, data.seconds[now]),
      "=": () => zoom(0.5, data.seconds[now]),
      "-": () => zoom(2, data.seconds[now]),
      Escape: () => show(0, whole),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
    const seconds = data.seconds[at ?? now];
    if (seconds < first || seconds > last) show(seconds - (last - first) / 2, seconds + (last - first) / 2);
  });
  all.addEventListener("click", () => { show(0, whole); canvas.focus(); });
  figure.addEventListener("change", () => { if (at !== null) pointTo(at); });
  for (const moment of document.querySelectorAll(".moments [data-percent]")) {
    moment.addEventListener("pointerenter", () => pointTo(nearest((Number(moment.dataset.percent) / 100) * whole)));
  }
}

// the tables: sorted by their headers, searched by their words

for (const table of document.querySelectorAll("[data-table]")) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const valueOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;

  function sortBy(header, direction) {
    const column = headers.indexOf(header);
    const sign = direction === "ascending" ? 1 : -1;
    const isNumber = header.classList.contains("number");
    const compare = isNumber
      ? (one, other) => Number(valueOf(one, column)) - Number(valueOf(other, column))
      : (one, other) => valueOf(one, column).localeCompare(valueOf(other, column));
    for (const each of headers) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    body.append(...[...rows].sort((one, other) => sign * compare(one, other)));
  }

  for (const header of headers) {
    if ("unsorted" in header.dataset) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    header.replaceChildren(button);
    button.addEventListener("click", () => {
      const usual = header.classList.contains("number") ? "descending" : "ascending";
      const other = usual === "descending" ? "ascending" : "descending";
      sortBy(header, header.getAttribute("aria-sort") === usual ? other : usual);
    });
  }

  const search = table.parentElement.querySelector("[data-search]");
  if (!search) continue;
  search.hidden = false;
  const input = search.querySelector("input");
  const count = search.querySelector("[role=status]");
  const texts = new Map(rows.map((row) => [row, `${row.dataset.kind} ${row.textContent} ${row.cells[0].title}`.toLowerCase()]));
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => texts.get(row).includes(word));
      found += !row.hidden;
    }
    count.textContent = words.length ? `${found} of ${rows.length}` : "";
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !input.value) return;
    event.preventDefault();
    input.value = "";
    input.dispatchEvent(new Event("input"));
  });
}

// a link to a mapping opens it

function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener("hashchange", openTarget);
openTarget();

// the flame graph: a function that is chosen is as wide as all, and so are its callers

for (const graph of document.querySelectorAll("[data-flame]")) {
  const reading = document.querySelector("[data-flame-reading]");
  const frames = [...graph.querySelectorAll(".frame-box")].map((element) => ({
    element,
    left: Number(element.dataset.left),
    width: Number(element.dataset.width),
    depth: Number(element.dataset.depth),
    text: element.querySelector("text"),
    name: element.querySelector("text").textContent,
  }));
  const byElement = new Map(frames.map((frame) => [frame.element, frame]));
  let zoomed = frames[0];
  for (const note of document.querySelectorAll("[data-scripted]")) note.hidden = false;

  const near = 1e-3;
  const isWithin = (inner, outer) =>
    inner.left >= outer.left - near && inner.left + inner.width <= outer.left + outer.width + near;

  function draw() {
    const box = graph.getBoundingClientRect();
    let deepest = 0;
    for (const frame of frames) {
      const above = frame.depth < zoomed.depth && isWithin(zoomed, frame);
      const inside = frame.depth >= zoomed.depth && isWithin(frame, zoomed);
      const width = above ? 100 : (100 * frame.width) / zoomed.width;
      const shown = above || (inside && (width * box.width) / 100 >= 0.5);
      frame.element.style.display = shown ? "" : "none";
      if (!shown) continue;
      deepest = Math.max(deepest, frame.depth);
      frame.element.classList.toggle("above", above && frame !== zoomed);
      frame.element.setAttribute("x", `${above ? 0 : (100 * (frame.left - zoomed.left)) / zoomed.width}%`);
      frame.element.setAttribute("width", `${width}%`);
      const room = Math.floor(((width * box.width) / 100 - 8) / 6.8);
      frame.text.textContent = room >= frame.name.length ? frame.name : room > 3 ? `${frame.name.slice(0, room - 1)}…` : "";
    }
    graph.setAttribute("height", 20 * (deepest + 1));
  }

  function focusOn(frame) {
    for (const each of frames) each.element.setAttribute("tabindex", each === frame ? "0" : "-1");
    frame.element.focus({ preventScroll: true });
    frame.element.scrollIntoView({ block: "nearest" });
    reading.textContent = frame.element.querySelector("title").textContent;
  }

  function zoomTo(frame) {
    zoomed = frame;
    draw();
    focusOn(frame);
  }

  const visible = (frame) => frame.element.style.display !== "none";
  const parentOf = (frame) => frames.findLast((each) => each.depth === frame.depth - 1 && isWithin(frame, each));
  const childOf = (frame) => frames.find((each) => each.depth === frame.depth + 1 && isWithin(each, frame) && visible(each));
  const besideOf = (frame, step) => {
    const level = frames.filter((each) => each.depth === frame.depth && visible(each));
    return level[level.indexOf(frame) + step];
  };

  for (const frame of frames) {
    frame.element.setAttribute("role", "button");
    frame.element.setAttribute("tabindex", frame === frames[0] ? "0" : "-1");
    frame.element.addEventListener("click", () => zoomTo(frame === zoomed ? parentOf(frame) ?? frame : frame));
    frame.element.addEventListener("pointerenter", () => {
      reading.textContent = frame.element.querySelector("title").textContent;
    });
  }
  graph.addEventListener("keydown", (event) => {
    const frame = byElement.get(event.target);
    if (!frame) return;
    const moves = {
      ArrowDown: () => childOf(frame), ArrowUp: () => parentOf(frame),
      ArrowLeft: () => besideOf(frame, -1), ArrowRight: () => besideOf(frame, 1),
    };
    if (event.key === "Enter" || event.key === " ") zoomTo(frame);
    else if (event.key === "Escape") zoomTo(frames[0]);
    else if (moves[event.key]) { const next = moves[event.key](); if (next) focusOn(next); }
    else return;
    event.preventDefault();
  });
  addEventListener("resize", draw);
  draw();
}
