// The desk: an answer goes without leaving the page, the next task is already there, and a lost line loses nothing.
// Without this file every answer is an ordinary form and works the same.
"use strict";

(() => {
  const WAIT_MS = 20000; // after this long an answer counts as not heard
  const AHEAD_MS = 600000; // a task that was loaded ahead longer ago than this is asked for anew

  const main = () => document.getElementById("main");
  const page = () => document.getElementById("rv-page");
  const say = (text) => {
    const region = document.getElementById("live");
    if (region) region.textContent = text;
  };
  const clock = () => new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  // One line for what the steward must know of the connection; it never takes the place of what was typed.
  const line = (text, retry) => {
    const box = document.getElementById("rv-line");
    if (!box) return;
    box.replaceChildren();
    box.hidden = !text;
    if (!text) return;
    const words = document.createElement("p");
    words.textContent = text;
    box.append(words);
    if (!retry) return;
    const again = document.createElement("button");
    again.type = "button";
    again.className = "btn-s";
    again.textContent = "Try again";
    again.addEventListener("click", retry);
    box.append(again);
    again.focus({ preventScroll: true });
  };

  // ---- the next task, loaded ahead ------------------------------------------------------------
  let ahead = null;

  const read = (text) => new DOMParser().parseFromString(text, "text/html");

  const loadAhead = async () => {
    ahead = null;
    const here = page();
    if (!here || !here.dataset.ahead || !document.querySelector("form.rv-dock")) return;
    delete here.dataset.loaded;
    try {
      const answer = await fetch(here.dataset.ahead, { credentials: "same-origin", headers: { "X-Desk": "ahead" } });
      const found = answer.status === 200 ? read(await answer.text()) : null;
      if (!found || page() !== here) return;
      const next = found.getElementById("rv-page");
      if (next) ahead = { doc: found, task: next.dataset.task, seen: next.dataset.seen, at: Date.now() };
    } catch {
      ahead = null; // without it the next task comes after the answer
    } finally {
      here.dataset.loaded = ahead ? ahead.task : "";
    }
  };
  const soon = window.requestIdleCallback || ((act) => window.setTimeout(act, 100));

  // ---- showing a page -------------------------------------------------------------------------
  const show = (doc, address) => {
    const fresh = doc.getElementById("main");
    if (!fresh) return false;
    // Another kind of page may bring stylesheets that this one does not have.
    doc.querySelectorAll('head link[rel="stylesheet"]').forEach((sheet) => {
      const address = sheet.getAttribute("href");
      if (!document.head.querySelector(`link[href="${CSS.escape(address)}"]`)) document.head.append(document.importNode(sheet));
    });
    main().replaceChildren(...document.adoptNode(fresh).childNodes);
    ahead = null; // it was loaded for the page before
    document.title = doc.title;
    const count = doc.querySelector('[data-go="r"] .count');
    if (count) document.querySelectorAll('[data-go="r"] .count').forEach((one) => { one.innerHTML = count.innerHTML; });
    if (address) window.history.pushState({ desk: true }, "", address);
    window.scrollTo(0, 0);
    window.htmx?.process(main());
    main().focus({ preventScroll: true });
    const alert = main().querySelector('[role="alert"]:not([hidden])');
    if (alert) alert.scrollIntoView({ block: "center" });
    const heading = main().querySelector("h1");
    const done = document.getElementById("rv-done");
    say([done && done.dataset.say, heading && heading.textContent.trim()].filter(Boolean).join(" "));
    document.dispatchEvent(new CustomEvent("desk:shown"));
    soon(loadAhead);
    return true;
  };

  // The server has claimed the task that was loaded ahead, and it is as it was: only what is new of it came back.
  const arrive = (doc, text, address) => {
    const part = read(text);
    part.querySelectorAll("[data-into]").forEach((fresh) => {
      const place = doc.getElementById(fresh.dataset.into);
      if (place) place.replaceChildren(...document.adoptNode(fresh).childNodes);
      if (place && fresh.dataset.say) place.dataset.say = fresh.dataset.say;
    });
    const basis = part.querySelector("[data-basis]");
    const field = doc.querySelector('form.rv-dock input[name="basis"]');
    if (basis && field) field.value = basis.dataset.basis;
    return show(doc, address);
  };

  // ---- sending an answer ----------------------------------------------------------------------
  let busy = false;

  const refreshToken = async (form) => {
    const answer = await fetch(window.location.href, { credentials: "same-origin" });
    const fresh = read(await answer.text()).querySelector('form.rv-dock input[name="csrfmiddlewaretoken"]');
    if (fresh) form.querySelector('input[name="csrfmiddlewaretoken"]').value = fresh.value;
  };

  // What the server said, null where nothing was heard of it.
  const answerOf = async (form, address, data, anew) => {
    const stop = new AbortController();
    const timer = window.setTimeout(() => stop.abort(), WAIT_MS);
    try {
      if (anew) {
        await refreshToken(form);
        data.set("csrfmiddlewaretoken", form.querySelector('input[name="csrfmiddlewaretoken"]').value);
      }
      const answer = await fetch(address, {
        method: "POST", body: data, credentials: "same-origin", signal: stop.signal, headers: { "X-Desk": "answer" },
      });
      return { answer, text: await answer.text() };
    } catch {
      return null;
    } finally {
      window.clearTimeout(timer);
    }
  };

  const send = async (form, address, anew) => {
    if (busy) return;
    busy = true;
    form.setAttribute("aria-busy", "true");
    line("");
    const data = new FormData(form);
    const next = ahead && Date.now() - ahead.at < AHEAD_MS ? ahead : null;
    if (next) data.set("ahead", `${next.task}:${next.seen}`);
    const again = () => send(form, address, true);
    const heard = await answerOf(form, address, data, anew);
    busy = false;
    form.removeAttribute("aria-busy");
    if (!heard) {
      line(`No answer from the server at ${clock()}. Nothing you wrote is lost. If your answer did arrive, trying again does nothing twice: the page will say so.`, again);
      return;
    }
    const { answer, text } = heard;
    if (next && answer.headers.get("X-Desk") === "arrived") {
      arrive(next.doc, text, answer.headers.get("X-Desk-Address"));
    } else if (answer.redirected && new URL(answer.url).pathname.includes("sign-in")) {
      line("You were signed out; your answer was not carried out, and nothing you wrote is lost. Sign in in another tab, then press “Try again”.", again);
    } else if (answer.status === 200 || answer.status === 409 || answer.status === 422) {
      if (!show(read(text), answer.redirected ? answer.url : "")) line("The answer of the server was not understood. Nothing you wrote is lost.", again);
    } else {
      line(`The server could not take the answer (${answer.status}). Nothing you wrote is lost.`, again);
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form.rv-dock")) return;
    event.preventDefault();
    event.stopPropagation();
    const button = event.submitter;
    if (button && button.formMethod === "dialog") return; // Enter in a field answers nothing
    send(form, (button && button.getAttribute("formaction")) || form.getAttribute("action"));
  }, true);

  // ---- back, other tabs, a lost line ----------------------------------------------------------
  window.addEventListener("popstate", () => window.location.reload());
  const look = () => {
    const state = document.getElementById("rv-state");
    if (state && window.htmx) window.htmx.trigger(state, "desk:look");
  };
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  window.addEventListener("online", look);

  let lost = false;
  const gone = () => {
    if (lost || busy) return;
    lost = true;
    line(`No connection since ${clock()}. What you see may be out of date; what you write stays here.`);
  };
  document.addEventListener("htmx:sendError", gone);
  window.addEventListener("offline", gone);
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (!lost || event.detail.elt?.id !== "rv-state") return;
    lost = false;
    line("");
  });

  soon(loadAhead);
})();
