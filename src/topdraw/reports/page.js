"use strict";
(() => {
  const root = document.documentElement;
  const FEW = 12;
  const PRINTED = 5;
  let printing = false;
  const themes = ["auto", "light", "dark"];
  const stored = {
    get: () => { try { return localStorage.getItem("topdraw-theme"); } catch { return null; } },
    set: (value) => { try { localStorage.setItem("topdraw-theme", value); } catch { /* private */ } },
  };
  let theme = themes.includes(stored.get()) ? stored.get() : "auto";
  // Before the body is parsed, so that a dark page never flashes white.
  const apply = () => { if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme; };
  apply();

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  function themeSwitch() {
    const button = document.querySelector(".theme");
    const show = () => {
      button.textContent = `Theme: ${theme}`;
      button.setAttribute("aria-label", `Colour theme: ${theme}. Change it.`);
    };
    button.hidden = false;
    show();
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      stored.set(theme);
      apply();
      show();
    });
  }

  function tooltips(svg) {
    const columns = [...svg.querySelectorAll(".column, .spot")];
    if (!columns.length) return;
    const holder = svg.parentElement;
    const tip = make("div", "tip");
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    holder.append(tip);
    const guide = document.createElementNS("http://www.w3.org/2000/svg", "path");
    guide.setAttribute("class", "guide");
    svg.insertBefore(guide, columns[0]);
    const hide = () => { tip.hidden = true; guide.removeAttribute("d"); };
    const show = (column) => {
      const [head, ...rows] = column.getAttribute("aria-label").split("\n");
      const keys = (column.dataset.keys ?? "").split(" ");
      tip.replaceChildren(make("b", "", head), ...rows.map((row, i) => make("span", keys[i] ? `dot s-${keys[i]}` : "", row)));
      tip.hidden = false;
      const isSpot = column.dataset.x === undefined;
      const [left0, top, width, height] = ["x", "y", "width", "height"].map((name) => Number(column.getAttribute(name)));
      const x = isSpot ? left0 + width / 2 : Number(column.dataset.x);
      if (!isSpot) guide.setAttribute("d", `M${x} ${top}v${height}`);
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const at = svg.getBoundingClientRect().left - holder.getBoundingClientRect().left + x * scale;
      const room = holder.clientWidth - tip.offsetWidth;
      const left = at + 14 <= room ? at + 14 : at - 14 - tip.offsetWidth;
      tip.style.left = `${Math.min(Math.max(left, 0), Math.max(room, 0))}px`;
      // Where the lines are not; on a phone, which has no room beside them, under the plot.
      const bottom = (top + height) * scale;
      if (isSpot) {
        tip.style.left = `${Math.min(Math.max(at - tip.offsetWidth / 2, 0), Math.max(room, 0))}px`;
        tip.style.top = `${bottom + 2}px`;
        return;
      }
      const place = { above: top * scale, below: bottom - tip.offsetHeight - 8 };
      const tight = at + 14 > room && left < 0;
      tip.style.top = `${tight ? svg.getBoundingClientRect().height : place[column.dataset.room]}px`;
    };
    if (!columns.some((each) => each.getAttribute("tabindex") === "0")) columns[0].setAttribute("tabindex", "0");
    columns.forEach((column, i) => {
      column.querySelector("title").remove();
      column.addEventListener("pointerenter", () => show(column));
      column.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
      column.addEventListener("focus", () => show(column));
      column.addEventListener("blur", hide);
      column.addEventListener("keydown", (event) => {
        const steps = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: columns.length - 1 };
        if (event.key === "Escape") hide();
        const next = columns[steps[event.key]];
        if (!next) return;
        event.preventDefault();
        columns.forEach((each) => each.setAttribute("tabindex", each === next ? "0" : "-1"));
        next.focus();
      });
    });
  }

  function sortable(table) {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, i) => {
      const text = row.cells[i].dataset.sort ?? row.cells[i].textContent.trim();
      return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
    };
    const compare = (a, b) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
    };
    heads.forEach((head, i) => {
      const text = head.textContent.trim();
      if (!text) return;
      const button = make("button", "", text);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const next = { none: "descending", descending: "ascending", ascending: "none" };
        const now = next[head.getAttribute("aria-sort") ?? "none"];
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        const rows = [...original];
        if (now !== "none") {
          head.setAttribute("aria-sort", now);
          const sign = now === "ascending" ? 1 : -1;
          rows.sort((a, b) => {
            const [x, y] = [value(a, i), value(b, i)];
            return x === "" || y === "" ? compare(x, y) : sign * compare(x, y);
          });
        }
        body.append(...rows);
      });
    });
  }

  async function copy(text, button) {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1400);
  }

  const cells = (table) => [...table.rows].map((row) => [...row.cells].map((cell) =>
    cell.textContent.replace(/[\u2191\u2193]/g, "").replace(/\s+/g, " ").trim()));
  const asTsv = (rows) => rows.map((row) => row.join("\t")).join("\n");
  const asMarkdown = (rows) => {
    const line = (row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    const rule = rows[0].map((_, i) => (i ? "---:" : "---"));
    return [line(rows[0]), `| ${rule.join(" | ")} |`, ...rows.slice(1).map(line)].join("\n");
  };

  function copyTools(bar) {
    const target = document.getElementById(bar.dataset.for);
    const forms = target.tagName === "TABLE"
      ? [["Copy as TSV", () => asTsv(cells(target))], ["Copy as Markdown", () => asMarkdown(cells(target))]]
      : [["Copy", () => target.textContent.trim()]];
    for (const [label, text] of forms) {
      const button = make("button", "tool", label);
      button.type = "button";
      button.addEventListener("click", () => copy(text(), button));
      bar.append(button);
    }
  }

  function sift(bar) {
    const holder = bar.nextElementSibling;
    const problems = [...holder.querySelectorAll(".problem")];
    const words = problems.map((problem) => problem.textContent.toLowerCase());
    const [text, kind, samples, order] = ["text", "kind", "samples", "order"].map((each) => bar.querySelector(`.sift-${each}`));
    const told = bar.querySelector("[role=status]");
    const more = make("button", "tool", `Show all ${problems.length} problems`);
    more.type = "button";
    holder.after(more);
    let folded = problems.length > FEW;
    const offers = [...kind.options].filter((each) => each.value).map((each) => [each, each.value.split(" ")]);
    const is = (problem, [field, value]) => problem.dataset[field].split(" ").includes(value);
    offers.forEach(([option, rule]) => {
      const count = problems.filter((problem) => is(problem, rule)).length;
      option.textContent += ` (${count})`;
      option.disabled = !count;
    });
    const share = (problem) => Number(problem.dataset.share);
    const sorts = { most: (a, b) => share(b) - share(a), least: (a, b) => share(a) - share(b) };
    const apply = () => {
      const wanted = text.value.trim().toLowerCase();
      const rule = kind.value.split(" ");
      const asked = Boolean(wanted || kind.value || samples.value);
      let count = 0;
      problems.forEach((problem, i) => {
        let some = !samples.value;
        problem.querySelectorAll(".sample").forEach((sample) => {
          sample.hidden = Boolean(samples.value) && !sample.classList.contains(samples.value);
          some ||= !sample.hidden;
        });
        problem.hidden = !some || !words[i].includes(wanted) || (Boolean(kind.value) && !is(problem, rule));
        count += !problem.hidden;
      });
      if (folded && !asked) {
        [...holder.children].slice(FEW).forEach((problem) => { problem.hidden = true; });
        count = FEW;
      }
      more.hidden = !folded || asked;
      told.textContent = `${count} of ${problems.length} shown`;
    };
    const unfold = () => {
      folded = false;
      apply();
    };
    more.addEventListener("click", unfold);
    [text, kind, samples].forEach((each) => each.addEventListener("input", apply));
    order.addEventListener("input", () => {
      holder.append(...(order.value ? [...problems].sort(sorts[order.value]) : problems));
      apply();
    });
    bar.hidden = false;
    apply();
    return () => {
      [text, kind, samples].forEach((each) => { each.value = ""; });
      unfold();
    };
  }

  let showAll = () => {};

  function openLinked() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) showAll();
    const folded = target.closest("details");
    if (folded) folded.open = true;
    target.scrollIntoView({ block: "start", behavior: "instant" });
  }

  document.addEventListener("DOMContentLoaded", () => {
    themeSwitch();
    document.querySelectorAll("svg.figure").forEach(tooltips);
    document.querySelectorAll("table.sortable").forEach(sortable);
    document.querySelectorAll(".tools").forEach(copyTools);
    document.querySelectorAll(".sift").forEach((bar) => { showAll = sift(bar); });
    document.querySelectorAll("details.problem").forEach((problem) => {
      problem.addEventListener("toggle", () => {
        if (problem.open && !printing) history.replaceState(null, "", `#${problem.id}`);
      });
    });
    window.addEventListener("hashchange", openLinked);
    let opened = [];
    window.addEventListener("beforeprint", () => {
      printing = true;
      // All of them would be a book.
      const problems = [...document.querySelectorAll("details.problem:not([hidden])")].slice(0, PRINTED);
      opened = [...problems, ...document.querySelectorAll("details.how:not(.long), details.fold")].filter((each) => !each.open);
      opened.forEach((each) => { each.open = true; });
    });
    window.addEventListener("afterprint", () => {
      opened.forEach((each) => { each.open = false; });
      setTimeout(() => { printing = false; });
    });
    openLinked();
  });
})();
