"use strict";
(() => {
  const SILENT_S = 2.5;
  const AGAIN_MS = 2000;
  const at = (id) => document.getElementById(id);
  const cards = new Map();
  let last = null, heardAt = 0, over = false;

  function make(tag, kind, text) {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function put(element, text) { if (element.textContent !== text) element.textContent = text; }

  function card() {
    const whole = make("article"), top = make("div", "top"), figures = make("div", "figures");
    const parts = {
      whole, name: make("span", "name"), state: make("span", "state"), kmh: make("span", "kmh"),
      number: make("span"), rest: make("span", "rest"), notes: make("div"), said: "",
    };
    top.append(parts.name, parts.state);
    parts.kmh.append(parts.number, make("small", "", " km/h"));
    figures.append(parts.kmh, parts.rest);
    whole.append(top, figures, parts.notes);
    return parts;
  }

  function fill(parts, machine) {
    const said = JSON.stringify(machine);
    if (parts.said === said) return;
    parts.said = said;
    parts.whole.dataset.kind = machine.kind;
    parts.whole.toggleAttribute("data-old", machine.old);
    put(parts.name, `${machine.mark} ${machine.name}`);
    put(parts.state, machine.state);
    put(parts.number, machine.kmh);
    const rest = [`target ${machine.target}`, `hold ${machine.hold}`, machine.client, machine.old ? `OLD: ${machine.age}` : machine.age];
    const known = rest.filter((text) => !text.endsWith("-"));
    put(parts.rest, known.map((text) => text.replace(/ /g, "\u00a0")).join(" \u00b7 "));
    parts.notes.replaceChildren(...machine.notes.map(
      ([mark, text, urgent]) => make("p", urgent ? "note urgent" : "note", `${mark} ${text}`)));
  }

  function show() {
    put(at("club"), last.club);
    put(at("count"), last.count);
    put(at("stop"), last.stop ? `\u25a0 ${last.stop}` : "");
    const urgent = last.urgent.join("\n");
    if (at("urgent").dataset.said !== urgent) {
      at("urgent").dataset.said = urgent;
      at("urgent").replaceChildren(...last.urgent.map((text) => make("p", "", text)));
    }
    const there = new Set(last.machines.map((machine) => machine.name));
    for (const [name, parts] of cards) if (!there.has(name)) { parts.whole.remove(); cards.delete(name); }
    let before = null;
    for (const machine of last.machines) {
      if (!cards.has(machine.name)) cards.set(machine.name, card());
      const parts = cards.get(machine.name);
      fill(parts, machine);
      const wanted = before ? before.nextSibling : at("machines").firstChild;
      if (parts.whole !== wanted) at("machines").insertBefore(parts.whole, wanted);
      before = parts.whole;
    }
  }

  function look() {
    const since = (performance.now() - heardAt) / 1000;
    const silent = since > SILENT_S || over;
    document.body.toggleAttribute("data-silent", silent);
    const words = over ? "The floor's program has ended: all of this is old." :
      last === null ? "No connection to the floor's program yet." :
      `No news for ${Math.floor(since)} s: all of this is old.`;
    put(at("silent"), silent ? words : "");
  }

  function listen() {
    const source = new EventSource(location.pathname.replace(/\/?$/, "/events"));
    source.onmessage = (event) => { last = JSON.parse(event.data); heardAt = performance.now(); over = false; show(); look(); };
    source.addEventListener("over", () => { over = true; look(); });
    source.onerror = () => {
      // A refusal ends an EventSource for good; the next run may let this screen in again.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
    };
  }

  setInterval(look, 200);
  look();
  listen();
})();
