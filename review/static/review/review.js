// A chosen reason keeps the focus; the letters and digits of the desk must work from there, too.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
  if (!event.target.closest(".rv-reason input")) return;
  const act = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]:not([disabled])`);
  if (act) { event.preventDefault(); act.click(); }
});
