// Keyboard, copy buttons, dialogs, theme. Every page works without this file; it only saves steps.
"use strict";

(() => {
  // A ticked box or a chosen reason keeps the focus, but nobody types in it: letters and digits work from there, too.
  const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]") !== null;
  const say = (text) => {
    const region = document.getElementById("live");
    if (region) region.textContent = text;
  };

  // Rows of a list: j and k move, o opens. The row that is at hand carries the class "at".
  const rows = () => [...document.querySelectorAll("[data-rows] [data-row]")];
  const move = (step) => {
    const all = rows();
    if (all.length === 0) return;
    const here = all.findIndex((row) => row.classList.contains("at"));
    const next = Math.min(Math.max(here + step, 0), all.length - 1);
    all.forEach((row) => row.classList.remove("at"));
    all[next].classList.add("at");
    all[next].scrollIntoView({ block: "nearest" });
    const link = all[next].querySelector("a.row, a");
    if (link) link.focus({ preventScroll: true });
  };
  const open = () => {
    const link = document.querySelector("[data-row].at a.row, [data-row].at a");
    if (link) link.click();
  };

  // The letters printed on this very page come first in the list: what they press is what stands on them.
  const ownKeys = (list) => {
    list.querySelectorAll("[data-own]").forEach((one) => one.remove());
    const made = [];
    document.querySelectorAll("main [data-key]:not([disabled])").forEach((one) => {
      if (one.offsetParent === null && getComputedStyle(one).position !== "fixed") return;
      const words = one.cloneNode(true);
      words.querySelectorAll("kbd, .sr").forEach((part) => part.remove());
      const key = document.createElement("kbd");
      key.textContent = one.dataset.key.toUpperCase();
      const term = document.createElement("dt");
      const said = document.createElement("dd");
      term.append(key);
      said.textContent = words.textContent.trim();
      [term, said].forEach((part) => { part.dataset.own = ""; });
      made.push(term, said);
    });
    list.prepend(...made);
  };
  const showHelp = () => {
    const help = document.getElementById("keys");
    if (!help || help.open) return;
    const list = help.querySelector("dl");
    if (list) ownKeys(list);
    help.showModal();
  };

  // "g" then a letter goes to a page of the main navigation: <a data-go="d">.
  let going = false;
  const go = (key) => {
    going = false;
    const link = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    if (link) link.click();
  };

  const fixed = {
    "/": () => {
      const box = document.querySelector("[data-search]");
      if (box) { box.focus(); box.select(); }
    },
    "?": showHelp,
    j: () => move(1),
    k: () => move(-1),
    o: open,
    g: () => { going = true; window.setTimeout(() => { going = false; }, 1200); },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key.length > 1) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const key = event.key;
    if (going) { event.preventDefault(); go(key.toLowerCase()); return; }
    if (fixed[key]) { event.preventDefault(); fixed[key](); return; }
    const act = key.length === 1 && document.querySelector(`[data-key="${CSS.escape(key.toLowerCase())}"]:not([disabled])`);
    if (act) { event.preventDefault(); act.click(); }
  });

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      // A page that came without TLS has no clipboard: then the text is selected, ready for Ctrl-C.
      if (!navigator.clipboard) {
        window.getSelection().selectAllChildren(copy.previousElementSibling || copy.parentElement);
        say("Selected. Press Ctrl-C to copy.");
        return;
      }
      const before = copy.innerHTML;
      navigator.clipboard.writeText(copy.dataset.copy).then(() => {
        copy.textContent = "Copied";
        say("Copied to the clipboard.");
        window.setTimeout(() => { copy.innerHTML = before; }, 1500);
      }, () => { say("The browser did not allow copying."); });
      return;
    }
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (dialog) { event.preventDefault(); dialog.showModal(); }
      return;
    }
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
    // A menu closes when the click falls outside of it.
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("keyup", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // A form is sent once: a second click on a slow line must not act twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method.toLowerCase() !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    window.setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => { delete form.dataset.sent; });
  });

  // The server keeps the theme in a cookie; here it only changes without a reload.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=theme]");
    if (!button) return;
    event.preventDefault();
    const form = button.form;
    const data = new FormData(form);
    data.set("theme", button.value);
    fetch(form.action, { method: "POST", body: data, credentials: "same-origin" }).then(() => {
      if (button.value === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = button.value;
      form.querySelectorAll("button[name=theme]").forEach((one) => {
        one.setAttribute("aria-pressed", String(one === button));
      });
      say(`Theme: ${button.textContent.trim()}.`);
    });
  });

  // A refresh that did not come is told, until one comes again. The desk tells it beside the answers.
  const lost = (is) => {
    const note = document.getElementById("line-lost");
    if (!note || document.querySelector("form.rv-dock") || note.hidden === !is) return;
    note.hidden = !is;
    if (is) say(note.textContent);
  };
  for (const failed of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(failed, () => lost(true));
  }
  document.addEventListener("htmx:afterOnLoad", () => lost(false));

  // After a partial refresh the focus returns to the element of the same id.
  let focused = "";
  document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement ? document.activeElement.id : ""; });
  document.addEventListener("htmx:afterSettle", () => {
    const element = focused && document.getElementById(focused);
    if (element && document.activeElement === document.body) element.focus();
  });
})();
