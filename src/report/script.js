"use strict";
(() => {
  // The cells of a line of comma-separated values with quoted names.
  const cells = (line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => (m[1] === undefined ? m[2] : m[1].replaceAll('""', '"')));
  const shown = (text) => {
    const number = Number(text);
    if (text === "" || !Number.isFinite(number)) return null;
    return Number.isInteger(number) ? number.toLocaleString("en") : String(Number(number.toPrecision(7)));
  };

  const equip = (figure) => {
    const svg = figure.querySelector("svg");
    const link = figure.querySelector('a[download$=".csv"]');
    if (!svg || !link || !svg.dataset.from) return;
    const lines = decodeURIComponent(link.href.slice(link.href.indexOf(",") + 1)).trim().split("\n");
    const names = cells(lines[0]);
    const rows = lines.slice(1).map((line) => line.split(","));
    if (rows.length === 0) return;
    const from = Number(svg.dataset.from), to = Number(svg.dataset.to), min = Number(svg.dataset.min), max = Number(svg.dataset.max);
    const isLog = svg.dataset.log === "true";
    const share = (x) => (isLog ? (Math.log(x) - Math.log(min)) / (Math.log(max) - Math.log(min)) : (x - min) / (max - min));
    const places = rows.map((row) => from + share(Number(row[0])) * (to - from));
    const readout = figure.querySelector(".readout");
    const plot = figure.querySelector(".plot");
    const box = svg.viewBox.baseVal;
    let cursor = null, at = -1;

    const show = (row) => {
      at = Math.max(0, Math.min(rows.length - 1, row));
      if (!cursor) {
        cursor = document.createElementNS("http://www.w3.org/2000/svg", "path");
        cursor.setAttribute("class", "cursor");
        svg.append(cursor);
      }
      cursor.setAttribute("d", `M${places[at].toFixed(1)} 20V${box.height - 44}`);
      const values = rows[at].map((value, i) => [names[i], shown(value)]).filter(([, value]) => value !== null);
      readout.textContent = values.map(([name, value]) => `${name} ${value}`).join(" · ");
    };
    const hide = () => {
      if (cursor) cursor.remove();
      cursor = null;
      readout.textContent = "";
    };
    const nearest = (event) => {
      const bounds = svg.getBoundingClientRect();
      const x = ((event.clientX - bounds.left) / bounds.width) * box.width;
      let best = 0;
      places.forEach((place, i) => {
        if (Math.abs(place - x) < Math.abs(places[best] - x)) best = i;
      });
      return best;
    };
    svg.addEventListener("pointermove", (event) => show(nearest(event)));
    svg.addEventListener("pointerleave", hide);
    plot.addEventListener("focus", () => show(at < 0 ? rows.length - 1 : at));
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const page = Math.max(1, Math.round(rows.length / 10));
      const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - page, PageDown: at + page, Home: 0, End: rows.length - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      show(moves[event.key]);
    });
  };
  const equipAll = () => document.querySelectorAll("figure.chart").forEach(equip);
  equipAll();

  // A page that is served asks for news; one from a file has nowhere to ask.
  const live = document.querySelector("main[data-live]");
  if (!live) return;
  const state = document.getElementById("live-state");
  let tag = "";
  const ask = async () => {
    try {
      const answer = await fetch(live.dataset.live, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") || "";
        const text = await answer.text();
        // Nobody is disturbed who reads values or selects text.
        const busy = live.querySelector(".plot:focus, .plot svg:hover") || !document.getSelection().isCollapsed;
        if (busy) {
          tag = "";
        } else {
          const open = [...live.querySelectorAll("details[open]")].map((details) => details.id);
          live.innerHTML = text;
          open.forEach((id) => {
            const details = id && document.getElementById(id);
            if (details) details.open = true;
          });
          equipAll();
        }
      }
      state.textContent = "live";
    } catch {
      state.textContent = "the server does not answer; this is how it was";
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
})();
