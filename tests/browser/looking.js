// Looks at one page after the other in one window: each takes the place of the one before, as a swap of htmx does,
// since loading and warming axe-core anew for each page would take longer than everything else.
"use strict";

/** Shows the page in this window, with the stylesheets that it asks for and no others. */
window.put = async (html) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const sheets = (of) => [...of.querySelectorAll("link[rel=stylesheet]")];
  const wanted = sheets(page).map((link) => link.getAttribute("href"));
  sheets(document).filter((link) => !wanted.includes(link.getAttribute("href"))).forEach((link) => link.remove());
  const here = sheets(document).map((link) => link.getAttribute("href"));
  await Promise.all(wanted.filter((href) => !here.includes(href)).map((href) => new Promise((done, failed) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done, onerror: failed });
    document.head.append(link);
  })));
  document.title = page.title;
  document.documentElement.lang = page.documentElement.lang;
  document.body.replaceWith(page.body);
};

/** Of what make a part is: its elements, classes and attributes, not its words. */
const make = (part) => {
  const classes = part.className.baseVal ?? part.className;
  return `${part.tagName}.${classes}[${part.getAttributeNames()}](${[...part.children].map(make)})`;
};

/** Of rows and items of one make, the first stands for all. */
const leaveOneOfAMake = () => {
  for (const parent of document.querySelectorAll("tbody, ul, ol, select, svg, svg g")) {
    const seen = new Set();
    for (const part of [...parent.children]) {
      const itsMake = make(part);
      if (seen.has(itsMake)) part.remove();
      seen.add(itsMake);
    }
  }
};

const standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const colours = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };
const others = {
  runOnly: { type: "tag", values: standards },
  rules: Object.fromEntries(colours.runOnly.values.map((rule) => [rule, { enabled: false }])),
};

const violations = async (part, theme, options) => {
  document.documentElement.dataset.theme = theme;
  const told = await axe.run(part, { ...options, resultTypes: ["violations"], iframes: false, preload: false });
  return told.violations.flatMap((rule) => rule.nodes.map((node) => `${theme}, ${rule.id}: ${node.target} ${node.html}`));
};

/** The colours of the bar and the foot are looked at where they first appear so; of the page itself, always. */
const frames = new Set();
const whereColoursAreNew = () => {
  const frame = [...document.querySelectorAll("body > :not(main)")].map(make).join();
  const isNew = !frames.has(frame);
  frames.add(frame);
  return isNew ? document : document.querySelector("main");
};

/** What leaves the window sideways. */
const leaving = () => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= window.innerWidth) return [];
  const parts = [...document.querySelectorAll("body *")].filter((part) => part.scrollWidth > window.innerWidth);
  return [`${wide} px in a window of ${window.innerWidth} px`, ...parts.slice(-3).map((part) => part.outerHTML.slice(0, 160))];
};

/**
 * What axe-core finds: everything in the light theme; in the dark one, which has other colours only, the colours.
 * And what leaves the window.
 */
window.look = async (html) => {
  await put(html);
  const outside = leaving();
  leaveOneOfAMake();
  const coloured = whereColoursAreNew();
  return [
    ...outside,
    ...await violations(document, "light", others),
    ...await violations(coloured, "light", colours),
    ...await violations(coloured, "dark", colours),
  ];
};

window.outside = async (html) => {
  await put(html);
  return leaving();
};
