"use strict";
// The report's behaviour. What servers have sent is only ever set as text, never as markup.
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const exchanges = JSON.parse($("#exchanges").textContent);

  /** An element with attributes and children; texts become text nodes. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function say(text) {
    $("#said").textContent = text;
  }

  // ---------------------------------------------------------------- JSON, laid out without changing a character of it

  const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

  function isJson(text) {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }

  /** Lines of JSON: depth, JSON pointer, and parts of a kind each. Null for what is no JSON. */
  function layOut(text) {
    if (!isJson(text)) return null;
    const tokens = text.match(TOKEN);
    const lines = [{ depth: 0, pointer: "", parts: [] }];
    let at = 0;

    function value(depth, pointer) {
      const token = tokens[at++];
      if (token === "{" || token === "[") container(token, depth, pointer);
      else lines.at(-1).parts.push([token.startsWith('"') ? "string" : "literal", token]);
    }

    function container(opening, depth, pointer) {
      const closing = opening === "{" ? "}" : "]";
      lines.at(-1).parts.push(["", opening]);
      for (let index = 0; tokens[at] !== closing; index += 1) {
        member(opening, depth + 1, pointer, index);
        if (tokens[at] === ",") lines.at(-1).parts.push(["", tokens[at++]]);
      }
      at += 1;
      if (lines.at(-1).pointer !== pointer || lines.at(-1).end) lines.push({ depth, pointer, parts: [], end: true });
      lines.at(-1).parts.push(["", closing]);
    }

    function member(opening, depth, pointer, index) {
      const parts = [];
      let name = String(index);
      if (opening === "{") {
        name = JSON.parse(tokens[at]);
        parts.push(["key", tokens[at]], ["", ": "]);
        at += 2;
      }
      const place = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      lines.push({ depth, pointer: place, parts });
      value(depth, place);
    }

    try {
      value(0, "");
    } catch (error) {
      if (error instanceof RangeError) return null; // nested too deeply to be laid out
      throw error;
    }
    return lines;
  }

  /** The line that a violation is shown at: that of its pointer or, where nothing stands there, of the nearest above. */
  function placed(lines, violations) {
    const first = new Map();
    for (const line of lines) if (!first.has(line.pointer)) first.set(line.pointer, line);
    const found = new Map();
    for (const violation of violations) {
      let pointer = violation.pointer;
      while (!first.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
      const line = first.get(pointer);
      found.set(line, [...(found.get(line) ?? []), violation]);
    }
    return found;
  }

  function remark(line, violation) {
    const missing = violation.pointer.slice(line.pointer.length + 1);
    return `  ← ${missing ? `${missing}: ` : ""}expected ${violation.expected}, found ${violation.found}`;
  }

  function showJson(lines, violations) {
    const wrong = placed(lines, violations);
    const code = make("code");
    for (const line of lines) {
      const row = make("span", { class: wrong.has(line) ? "line wrong" : "line" }, "  ".repeat(line.depth));
      row.style.setProperty("--depth", line.depth);
      for (const [kind, text] of line.parts) row.append(kind ? make("span", { class: kind }, text) : text);
      for (const violation of wrong.get(line) ?? []) row.append(make("span", { class: "remark" }, remark(line, violation)));
      code.append(row);
    }
    return code;
  }

  // ---------------------------------------------------------------- one exchange

  function size(bytes) {
    return bytes === 1 ? "1 byte" : `${bytes.toLocaleString("en")} bytes`;
  }

  function bodyOf(body, violations) {
    if (!body.bytes) return [make("p", { class: "size" }, "No body.")];
    if (body.left_out) return [make("p", { class: "size" }, `${size(body.bytes)}, left out to keep this page small; the record has them.`)];
    if (body.text === undefined) return [make("p", { class: "size" }, `${size(body.bytes)} that are no text. SHA-256 ${body.sha256}`)];
    const lines = layOut(body.text);
    const inside = violations.filter(({ pointer }) => !pointer.startsWith("/header/"));
    const shown = make("pre", { tabindex: "0" }, lines ? showJson(lines, inside) : make("code", {}, body.text));
    const cut = new TextEncoder().encode(body.text).length < body.bytes;
    return [shown, make("p", { class: "size" }, cut ? `The beginning of ${size(body.bytes)}.` : size(body.bytes))];
  }

  function headersOf(headers, violations) {
    const wrong = new Set(violations.map(({ pointer }) => pointer));
    const rows = headers.map(([name, value]) =>
      make("tr", wrong.has(`/header/${name.toLowerCase()}`) ? { class: "wrong" } : {}, make("th", { scope: "row" }, name), make("td", {}, value)),
    );
    return make("table", { class: "headers" }, make("tbody", {}, ...rows));
  }

  function violationsOf(violations) {
    const items = violations.map((v) =>
      make("li", {}, make("code", {}, v.pointer || "the whole answer"), ` expected ${v.expected}, found ${v.found} (${v.source})`),
    );
    return make("div", { class: "wide" }, make("h5", {}, "Contradicts every documented variant"), make("ul", { class: "violations" }, ...items));
  }

  function curlOf(line) {
    const button = make("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", () => copy(line, button));
    return make("div", { class: "wide" }, make("h5", {}, "Reproduce it"), make("div", { class: "copyable" }, make("pre", { tabindex: "0" }, make("code", {}, line)), button));
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", { class: "unseen" });
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    say("Copied.");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  function fill(details) {
    if (details.children.length > 1) return;
    const { request, response, violations, curl } = exchanges[details.dataset.exchange];
    const sent = make("div", {}, make("h5", {}, `Request: ${request.method} ${request.url}`), headersOf(request.headers, []), ...bodyOf(request.body, []));
    const received = make("div", {}, make("h5", {}, `Answer: ${response.status}`), headersOf(response.headers, violations), ...bodyOf(response.body, violations));
    const sides = make("div", { class: "sides" }, ...(violations.length ? [violationsOf(violations)] : []), sent, received, curlOf(curl));
    details.append(sides);
  }

  // ---------------------------------------------------------------- opening and linking

  document.addEventListener("toggle", ({ target }) => {
    if (!target.open) return;
    if (target.matches(".exchange")) fill(target);
    if (target.matches(".requirement")) {
      for (const shown of $$("[data-shows]", target)) shown.open = true;
      if (location.hash.slice(1) !== target.id) history.replaceState(null, "", `#${target.id}`);
    }
  }, true);

  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target?.matches(".requirement")) return;
    if (target.hidden) showAll();
    target.open = true;
    target.scrollIntoView({ block: "start" });
    $("summary", target).focus({ preventScroll: true });
  }
  addEventListener("hashchange", follow);

  // ---------------------------------------------------------------- filters

  const form = $(".filters");
  const rows = $$(".requirement").map((element) => ({ element, text: element.textContent.replace(/\s+/g, " ").toLowerCase() }));

  function pressed(name) {
    return new Set($$(`button[name=${name}][aria-pressed=true]`, form).map((button) => button.value));
  }

  function filter() {
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const area = form.elements.area.value;
    const [levels, verdicts] = [pressed("level"), pressed("verdict")];
    let found = 0;
    for (const { element, text } of rows) {
      const { dataset } = element;
      const fits = (!area || dataset.area === area) && (!levels.size || levels.has(dataset.level))
        && (!verdicts.size || verdicts.has(dataset.verdict)) && words.every((word) => text.includes(word));
      element.hidden = !fits;
      found += fits;
    }
    for (const group of $$(".group")) group.hidden = !$(".requirement:not([hidden])", group);
    $("output", form).value = `${found} of ${rows.length} requirements`;
    $(".none").hidden = found > 0;
    $("button[type=reset]", form).disabled = found === rows.length && !words.length;
  }

  function showAll() {
    for (const button of $$("[aria-pressed]", form)) button.setAttribute("aria-pressed", "false");
    form.elements.search.value = form.elements.area.value = "";
    filter();
  }

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[aria-pressed]");
    if (!button) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") === "false"));
    filter();
  });
  for (const button of [$("button[type=reset]", form), $(".again")]) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      showAll();
      form.elements.search.focus();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    form.elements.search.focus();
  });

  form.hidden = false;
  addEventListener("load", follow); // not before: a browser that goes to a fragment takes the focus away again
})();
