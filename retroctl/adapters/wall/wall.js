"use strict";
(() => {
  const SILENT_S = 1.8; // grey within two seconds of silence, looked at ten times a second
  const AGAIN_MS = 2000;
  const WORDS = {
    idle: "Getting ready", observing: "Getting ready", briefing: "Getting ready",
    armed: "Stand on the side rails", starting: "The belt will start", settling: "Changing speed",
    overridden: "Changed at the console", lost: "No link to the belt", easing_down: "Slowing down",
    turning: "Stand still. Turn.", stopped: "The session is over", faulted: "The session is over",
  };
  const at = (id) => document.getElementById(id);
  const body = document.body;
  const pen = document.createElement("canvas").getContext("2d");
  let last = null, heardAt = 0, over = false;

  const mark = (name, value) => value ? body.setAttribute(name, "yes") : body.removeAttribute(name);
  const clock = (s) => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;

  // --- letters as large as their room allows -------------------------------------------------------------------

  // Every way to put words on at most three lines.
  function breaks(words, lines = 3) {
    if (lines === 1 || words.length === 1) return [[words.join(" ")]];
    const all = [[words.join(" ")]];
    for (let i = 1; i < words.length; i++) {
      for (const rest of breaks(words.slice(i), lines - 1)) all.push([words.slice(0, i).join(" "), ...rest]);
    }
    return all;
  }

  // Put `text` into an element so that it fills `wide` x `tall`, given as shares of the screen; `cap` bounds a letter.
  function fit(id, text, wide, tall, cap = tall) {
    const element = at(id), width = wide * innerWidth, height = tall * innerHeight;
    const wanted = [text, width, height].join();
    if (element.dataset.fitted === wanted) return;
    element.dataset.fitted = wanted;
    const style = getComputedStyle(element);
    pen.font = `${style.fontWeight} 100px ${style.fontFamily}`;
    const digit = (pen.measureText("0").actualBoundingBoxAscent || 73) / 100; // old browsers do not measure heights
    let best = null, size = 0;
    for (const lines of breaks(text.split(" "))) {
      const widest = Math.max(...lines.map((line) => pen.measureText(line).width)) / 100;
      const here = Math.min(width / widest, height / (digit + 1.1 * (lines.length - 1)), cap * innerHeight / digit);
      if (here > size * 1.02) { best = lines; size = here; } // fewer lines, unless more are plainly larger
    }
    element.style.fontSize = `${Math.floor(size)}px`;
    element.textContent = "";
    for (const line of best) element.appendChild(document.createElement("div")).textContent = line;
  }

  // --- what is shown ---------------------------------------------------------------------------------------------

  function stopWords(news) {
    if (news.stop) return news.stop;
    if (news.state === "stopping") return "STOPPING";
    return (news.state === "stopped" || news.state === "faulted") && news.speed === 0 ? "STOPPED" : null;
  }

  function showStop(words, news) {
    const parts = words.split(" - ");
    body.dataset.field = words === "STOPPED" ? "rest" : words === "STOPPING" ? "stop" : "clip";
    const clip = body.dataset.field === "clip";
    fit("word", parts[0], .88, clip ? .28 : .34, clip ? .18 : .34);
    if (parts[1]) fit("next", parts[1], .88, .28);
    else fit("next", over ? WORDS.stopped : words === "STOPPING" && news.speed !== null ? speed(news) : " ", .88, .14);
  }

  const speed = (news) => `${news.speed.toFixed(1)} km/h`;

  function showBelt(news) {
    const portrait = innerHeight > innerWidth, faster = news.state === "announcing";
    body.dataset.field = news.speed === null ? "wait" : faster ? "faster" : "run";
    fit("number", news.speed === null ? "\u2013" : news.speed.toFixed(1), portrait ? .9 : .7, .4);
    const held = news.hold_left !== null && !over;
    mark("data-hold", held);
    if (held) {
      fit("left", clock(Math.ceil(news.hold_left)), portrait ? .6 : .22, portrait ? .09 : .13);
      at("bar").style.transform = `scaleX(${Math.min(1, Math.max(0, news.hold_left / news.hold))})`;
    }
    const coming = news.next === null ? "Next: slower" : `${faster ? "Faster" : "Next"} ${news.next.toFixed(1)}`;
    fit("next", over ? WORDS.stopped : WORDS[news.state] || coming, .9, held ? .13 : .2, .12);
  }

  function show() {
    if (last === null) { fit("next", "Connecting", .9, .12); return; }
    const words = stopWords(last);
    mark("data-stop", words !== null);
    mark("data-hand", last.by_hand);
    if (words === null) showBelt(last);
    else { mark("data-hold", false); showStop(words, last); }
    look();
  }

  // How old what stands here is: its age when it was sent, and what has passed since.
  function look() {
    const since = (performance.now() - heardAt) / 1000;
    const age = last === null || last.age === null ? since : last.age + since;
    const silent = last !== null && !over && age > SILENT_S;
    mark("data-silent", silent);
    const clip = body.dataset.field === "clip";
    if (silent) fit("age", `No news for ${Math.floor(age)} s`, .88, clip ? .06 : .2, clip ? .06 : .11);
  }

  // --- listening -------------------------------------------------------------------------------------------------

  function listen() {
    const source = new EventSource(location.pathname.replace(/\/?$/, "/events"));
    source.onmessage = (event) => { last = JSON.parse(event.data); heardAt = performance.now(); over = false; show(); };
    source.addEventListener("over", () => { over = true; show(); });
    source.onerror = () => {
      // A refusal ends an EventSource for good; the next run may let this screen in again.
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
    };
  }

  addEventListener("resize", show);
  setInterval(look, 100);
  show();
  listen();
})();
