// All samples of a problem: unpacked when somebody asks, searched, sifted, and shown a page at a time.
(() => {
  const AT_ONCE = 25;
  const HEAD = 700;
  const WORDS = { p: ["passed", "\u2713", "passed"], f: ["failed", "\u2717", "failed"], m: ["missing", "?", "score missing"], u: ["unscored", "?", "not scored yet"] };
  const ORDERS = {
    "chosen first": (a, b) => b.chosen - a.chosen || b.count - a.count || a.row - b.row,
    "most frequent": (a, b) => b.count - a.count || a.row - b.row,
    "as drawn": (a, b) => a.row - b.row,
    "highest score": (a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity) || a.row - b.row,
    "lowest score": (a, b) => (a.value ?? Infinity) - (b.value ?? Infinity) || a.row - b.row,
    "longest": (a, b) => b.text.length - a.text.length || a.row - b.row,
  };
  const commas = (count) => count.toLocaleString("en-US");
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const percent = (share) => {
    if (share > 0 && share < 0.005) return "< 1%";
    if (share >= 0.995 && share < 1) return "> 99%";
    return `${Math.round(100 * share)}%`;
  };
  const how_many = (at) => at.split(",").reduce((sum, part) => {
    const [first, last] = part.split("-").map(Number);
    return sum + (last === undefined ? 1 : last - first + 1);
  }, 0);

  // See wordcode.py: a number for each word, 0 at the end of a text.
  function texts(code, words) {
    const found = [];
    let parts = [];
    for (let at = 0; at < code.length;) {
      let number = code[at++];
      if (number === 255) {
        number = (code[at] << 16) | (code[at + 1] << 8) | code[at + 2];
        at += 3;
      } else if (number >= 224) {
        number = 224 + ((number - 224) << 8) + code[at++];
      }
      if (number) {
        parts.push(words[number - 1]);
      } else {
        found.push(parts.join(""));
        parts = [];
      }
    }
    return found;
  }

  async function unpacked(id) {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const inside = new Uint8Array(await new Response(stream).arrayBuffer());
    const size = new DataView(inside.buffer).getUint32(0);
    const table = JSON.parse(new TextDecoder().decode(inside.subarray(4, 4 + size)));
    let expected = 0;
    table.at = table.at.map((told) => {
      const at = told ?? String(expected);
      expected = Number(at.match(/^\d+/)[0]) + 1;
      return at;
    });
    return texts(inside.subarray(4 + size), table.words).map((text, row) => ({
      row,
      text,
      verdict: table.verdict[row],
      at: table.at[row],
      count: how_many(table.at[row]),
      note: table.notes[table.note[row]],
      answer: table.answers[table.answer[row]],
      end: table.ends[table.end[row]],
      value: table.value[row],
      tokens: table.tokens[row],
      cut: table.cut[row] ?? 0,
      by: table.by[row] ?? [],
      chosen: Math.max(0, ...(table.by[row] ?? []).map(([, , share]) => share)),
    }));
  }

  function folded(text, cut) {
    const what = make("div", "what");
    const pre = (part) => {
      const element = make("pre", "", part);
      element.dir = "auto";
      return element;
    };
    const lines = text.slice(0, HEAD).split("\n");
    const head = text.length <= HEAD * 1.15 && text.split("\n", 19).length < 19 ? text.length : Math.min(HEAD, lines.slice(0, 12).join("\n").length || HEAD);
    what.append(pre(text.slice(0, head)));
    if (head < text.length) {
      const more = make("details", "more");
      more.append(make("summary", "", `show ${commas(text.length - head)} more characters`), pre(text.slice(head)));
      what.append(more);
    }
    if (cut) what.append(make("p", "soft", `${commas(cut)} more characters are not in this page`));
    return what;
  }

  function shown(sample) {
    const [className, icon, word] = WORDS[sample.verdict];
    const item = make("li", `sample ${className}`);
    const verdict = make("div");
    verdict.append(make("span", "verdict", `${icon} ${word}`));
    if (sample.count > 1) verdict.append(" ", make("span", "times", `\u00d7 ${commas(sample.count)}`));
    const what = folded(sample.text, sample.cut);
    const remarks = [];
    if (sample.note) remarks.push(sample.note);
    if (sample.answer !== undefined && sample.answer.trim() !== sample.text.trim()) remarks.push(`answer ${sample.answer}`);
    if (sample.value !== null) remarks.push(`score ${Number(sample.value.toPrecision(3))}`.replace("-", "\u2212"));
    if (sample.end) remarks.push(`ended by ${sample.end}`);
    if (sample.tokens) remarks.push(`${commas(sample.tokens)} tokens`);
    const at = sample.at.split(",");
    remarks.push(`index ${at.slice(0, 6).join(", ")}${at.length > 6 ? ", \u2026" : ""}`);
    what.append(make("div", "meta", remarks.join(" \u00b7 ")));
    const chips = make("div", "chips");
    chips.append(...sample.by.map(([key, name, share]) => make("span", `s-${key} chip`, `${name} ${percent(share)}`)));
    item.append(verdict, what, chips);
    return item;
  }

  const labelled = (text, control) => {
    const label = make("label");
    label.append(make("span", "", text), " ", control);
    return label;
  };
  const chooser = (options) => {
    const select = make("select");
    select.append(...options.map(([value, text]) => {
      const option = make("option", "", text);
      option.value = value;
      return option;
    }));
    return select;
  };

  function browser(samples, total) {
    const box = make("div", "browser");
    const bar = make("div", "sift");
    const search = make("input");
    search.type = "search";
    search.placeholder = "text, answer, note, index";
    const counts = Object.keys(WORDS).map((letter) => [letter, samples.filter((each) => each.verdict === letter).reduce((sum, each) => sum + each.count, 0)]);
    const verdict = chooser([["", "all"], ...counts.filter(([, count]) => count).map(([letter, count]) => [letter, `${WORDS[letter][2]} (${commas(count)})`])]);
    const order = chooser(Object.keys(ORDERS).map((name) => [name, name]));
    const told = make("p", "soft");
    told.setAttribute("role", "status");
    bar.append(labelled("Search its samples", search), labelled("Verdict", verdict), labelled("Order", order), told);
    const list = make("ol", "samples");
    const pager = make("div", "pager");
    const before = make("button", "tool", "Previous");
    const after = make("button", "tool", "Next");
    const where = make("span", "soft");
    before.type = after.type = "button";
    pager.append(before, after, where);
    let found = [];
    let from = 0;
    const page = () => {
      const part = found.slice(from, from + AT_ONCE);
      list.replaceChildren(...part.map(shown));
      where.textContent = found.length ? `${commas(from + 1)}\u2013${commas(from + part.length)} of ${commas(found.length)}` : "";
      before.disabled = from === 0;
      after.disabled = from + AT_ONCE >= found.length;
      pager.hidden = found.length <= AT_ONCE;
    };
    const sift = () => {
      const wanted = search.value.trim().toLowerCase();
      const has = (sample) => [sample.text, sample.answer ?? "", sample.note].some((text) => text.toLowerCase().includes(wanted)) || sample.at.split(",").includes(wanted);
      found = samples.filter((each) => (!verdict.value || each.verdict === verdict.value) && (!wanted || has(each)));
      found.sort(ORDERS[order.value]);
      const many = found.reduce((sum, each) => sum + each.count, 0);
      told.textContent = `${commas(found.length)} distinct of ${commas(many)} samples${many < total ? `, of ${commas(total)}` : ""}`;
      from = 0;
      page();
    };
    const turn = (by) => {
      from += by * AT_ONCE;
      page();
      bar.scrollIntoView({ block: "start" });
    };
    before.addEventListener("click", () => turn(-1));
    after.addEventListener("click", () => turn(1));
    [search, verdict, order].forEach((each) => each.addEventListener("input", sift));
    box.append(bar, list, pager);
    sift();
    return box;
  }

  function archive(holder) {
    const total = Number(holder.dataset.samples);
    const few = holder.parentElement.querySelector(".samples");
    if (typeof DecompressionStream === "undefined") {
      holder.replaceChildren(make("p", "soft", "This browser is too old to unpack the other samples; they are in the run."));
      return;
    }
    const button = make("button", "tool", `Browse all ${commas(total)} samples`);
    button.type = "button";
    holder.replaceChildren(button);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const box = browser(await unpacked(holder.dataset.block), total);
        few.hidden = true;
        holder.replaceChildren(box);
        box.querySelector("input").focus({ preventScroll: true });
      } catch {
        holder.replaceChildren(make("p", "soft", "The other samples in this page are damaged and cannot be unpacked."));
      }
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".archive").forEach(archive));
})();
