"use strict";
// Live pages: a stream says that something changed, the page then loads itself anew. Words are in the page, none here.
(() => {
  const live = () => document.getElementById("live");
  if (!live()) return;
  let seen = live().dataset.version, base = performance.now(), loaded = Date.now();

  const typing = () => live().hasAttribute("data-keep") || [...live().querySelectorAll("input, textarea")].some(
    (field) => field.type !== "hidden" && (field.type === "file" ? field.files.length > 0 : field.value !== field.defaultValue));

  function renew() {
    if (typing()) {  // what somebody is typing is never taken from under their hands
      const note = live().querySelector("[data-stale]");
      if (note) note.hidden = false;
      return;
    }
    loaded = Date.now();
    htmx.ajax("GET", live().dataset.page, { target: "#live", select: "#live", swap: "outerHTML" });
  }

  document.addEventListener("htmx:afterSettle", () => {
    seen = live().dataset.version;
    base = performance.now();
    document.dispatchEvent(new Event("live"));
  });
  document.addEventListener("renew", renew);
  document.addEventListener("htmx:beforeSwap", (event) => {
    // The session has ended: the log-in is shown, which brings people back here.
    const { xhr, serverResponse } = event.detail;
    if (xhr.status !== 401 && (xhr.status !== 200 || serverResponse.includes('id="live"'))) return;
    event.detail.shouldSwap = false;
    location.assign(live().dataset.page);
  });

  const source = new EventSource(live().dataset.events);
  source.onmessage = (event) => { if (event.data !== seen) renew(); };

  setInterval(() => {
    for (const clock of document.querySelectorAll("[data-left]")) {
      // Counted from what the server said was left, by a clock that nobody sets.
      const left = Math.max(0, Math.round(clock.dataset.left - (performance.now() - base) / 1000));
      const two = (number) => String(number).padStart(2, "0");
      clock.textContent = `${Math.floor(left / 3600)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
    }
    // The projected page is looked at, not touched: it asks now and then, so that its session does not end in the middle.
    if (live().hasAttribute("data-awake") && Date.now() - loaded > 600000) renew();
  }, 1000);
})();
