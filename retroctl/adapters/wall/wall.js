"use strict";
(() => {
  const SILENT_S = 1.8; // grey within two seconds of silence, looked at ten times a second
  const AGAIN_MS = 2000;
  const DIGIT_EM = 0.556, POINT_EM = 0.278; // Arial
  const WORDS = {
    idle: "Getting ready", observing: "Getting ready", briefing: "Getting ready",
    armed: "Stand on the side rails", starting: "The belt will start", settling: "Changing speed",
    overridden: "Changed at the console", lost: "No link to the belt", easing_down: "Slowing down",
    turning: "Stand still. Turn.", stopped: "The session is over", faulted: "The session is over",
  };
  const STOPS = ["stopping", "stopped", "faulted"];
  const at = (id) => document.getElementById(id);
  const body = document.body;
  let last = null, heardAt = 0, over = false;

  const set = (name, value) => value ? body.setAttribute(name, value) : body.removeAttribute(name);
  const text = (id, words) => { if (at(id).textContent !== words) at(id).textContent = words; };
  const clock = (s) => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;

  function stopWords(news) {
    if (news.stop) return news.stop;
    if (news.state === "stopping") return "STOPPING";
    return STOPS.includes(news.state) && news.speed === 0 ? "STOPPED" : null;
  }

  function showStop(words) {
    const [what, advice] = words.split(" - ");
    const pull = words !== "STOPPING" && words !== "STOPPED";
    body.dataset.field = pull ? "clip" : words === "STOPPED" ? "rest" : "stop";
    text("word", what);
    // Bold capitals are about 0.72 em wide; long words go on two lines.
    const lines = what.length > 9 ? 2 : 1;
    body.style.setProperty("--wide", Math.max(3, Math.ceil(what.length / lines) * (lines > 1 ? 0.86 : 0.74)));
    text("next", advice || (over || words === "STOPPED" && last.state !== "stopping" ? "" : speedWords()));
    body.style.setProperty("--next-wide", (advice || "").length * 0.72);
  }

  const speedWords = () => last.speed === null ? "" : `${last.speed.toFixed(1)} km/h`;

  function showBelt(news) {
    const number = news.speed === null ? "\u2013" : news.speed.toFixed(1);
    const faster = news.state === "announcing";
    body.dataset.field = news.speed === null ? "wait" : faster ? "faster" : "run";
    text("number", number);
    body.style.setProperty("--wide", (number.length - 1) * DIGIT_EM + POINT_EM);
    const left = news.hold_left === null ? null : Math.ceil(news.hold_left);
    if (left !== null) {
      text("left", clock(left));
      at("bar").style.transform = `scaleX(${Math.min(1, Math.max(0, news.hold_left / news.hold))})`;
    }
    set("data-hold", left !== null && "yes");
    let words = WORDS[news.state];
    if (!words) words = news.next === null ? "Then slower" : `${faster ? "Faster" : "Next"} ${news.next.toFixed(1)}`;
    text("next", words);
  }

  function show() {
    if (last === null) return;
    const words = stopWords(last);
    if (words) { set("data-hold", false); showStop(words); } else showBelt(last);
    if (over && body.dataset.field !== "clip") text("next", "The session is over");
    look();
  }

  // How old what stands here is: its age when it was sent, and what has passed since.
  function look() {
    if (last === null) return;
    const since = (performance.now() - heardAt) / 1000;
    const age = (last.age || 0) + since;
    const silent = !over && (last.age === null ? since : age) > SILENT_S;
    set("data-silent", silent && "yes");
    if (silent) text("age", last.age === null ? "No news" : `Last heard from the belt ${Math.floor(age)} s ago`);
  }

  function listen() {
    const source = new EventSource(location.pathname.replace(/\/?$/, "/events"));
    source.onmessage = (event) => { last = JSON.parse(event.data); heardAt = performance.now(); over = false; show(); };
    source.addEventListener("over", () => { over = true; show(); });
    source.onerror = () => {
      // A refusal ends an EventSource for good; the next run may let this screen in again.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
    };
  }

  setInterval(look, 100);
  listen();
})();
