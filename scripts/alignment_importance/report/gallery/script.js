"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);

  /** Tiles put into the page at a time; the next ones follow when the reader comes near the end. */
  const CHUNK = 60;

  /** Images at the head of the page. */
  const SAMPLES = 5;

  const byId = (id) => document.getElementById(id);

  /** Make an element. Children that are text become text, never markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  const drawing = (tag, attributes = {}, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  // --------------------------------------------------------------------------------------------------------------------
  // State, and what is asked about it

  const state = { set: 0, left: "", right: "", mode: "side", sort: "name", descending: false, category: "", search: "", ranges: {}, active: 0 };
  let shown = []; // positions of the images that pass the filters, in order
  let rendered = 0; // how many of them have a tile

  const set = () => data.sets[state.set];
  const several = (key) => new Set(set().views.map((view) => view[key])).size > 1;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "variant" });

  /** A layer is the image, the heatmap of a view, or a saliency map: `image`, `view:0`, `saliency:name`. */
  function viewOf(layer) {
    return layer.startsWith("view:") ? set().views[Number(layer.slice(5))] : null;
  }

  function layers() {
    return ["image", ...set().views.map((_, at) => `view:${at}`), ...set().saliency.map((name) => `saliency:${name}`)];
  }

  function nameOf(layer) {
    const view = viewOf(layer);
    if (layer === "image") return "image";
    if (!view) return `saliency: ${layer.slice(9)}`;
    if (several("comparison") && several("model")) return `${view.comparison}, ${view.model}`;
    return several("model") ? view.model : view.comparison;
  }

  const ofObservers = (view) => (view.simulated ? ["simulated observers"] : []);

  /** What must be said of a layer wherever it is shown. */
  function warnings(layer) {
    const view = viewOf(layer);
    return view ? [...ofObservers(view), ...view.unusual] : [];
  }

  const tagged = (texts) => texts.flatMap((text) => [" ", make("span", { class: "tag" }, text)]);
  const tags = (layer) => tagged(warnings(layer));
  const bareName = (side) => make("span", { class: `name-${side}` }, nameOf(state[side]));
  const sideName = (side) => [bareName(side), ...tags(state[side])];
  const plainName = (layer) => [nameOf(layer), ...warnings(layer)].join(", ");

  const isPresent = (layer, image) => !viewOf(layer) || viewOf(layer).present[image] === 1;

  function folderOf(layer) {
    const view = viewOf(layer);
    if (layer === "image") return "image";
    return view ? `heatmap/${view.name}` : `saliency/${layer.slice(9)}`;
  }

  const path = (folder, image, ending = "webp") =>
    ["pictures", set().name, ...folder.split("/"), `${String(image + 1).padStart(4, "0")}.${ending}`].map(encodeURIComponent).join("/");

  function altOf(layer, image) {
    const id = set().images[image];
    if (layer === "image") return `Image ${id}`;
    const view = viewOf(layer);
    if (!view) return `Saliency map ${layer.slice(9)} over ${id}`;
    const none = view.maps[image].length === 0 ? "No heatmap, crossed out: " : "Heatmap over ";
    return `${none}${id}: ${plainName(layer)}`;
  }

  /** The picture of a layer, or a word where there is none. */
  function picture(layer, image, size, attributes = {}) {
    if (!isPresent(layer, image)) return make("span", { class: "absent" }, "not judged");
    return make("img", { src: path(`${folderOf(layer)}/${size}`, image), alt: altOf(layer, image), loading: "lazy", decoding: "async", draggable: "false", ...attributes });
  }

  function agreementOf(first, second) {
    if (!viewOf(first) || !viewOf(second) || first === second) return null;
    const wanted = [first, second].map((layer) => Number(layer.slice(5))).sort((a, b) => a - b);
    return set().agreement.find(({ views }) => views[0] === wanted[0] && views[1] === wanted[1]).values;
  }

  const middle = (list) => list[Math.floor(list.length / 2)];

  /** Numbers that images can be sorted and filtered by, with the sides now chosen. */
  function metrics() {
    const found = [];
    const agreement = agreementOf(state.left, state.right);
    if (agreement) found.push({ key: "agreement", label: "agreement of left and right", short: "agreement", values: agreement });
    for (const side of ["left", "right"]) {
      const view = viewOf(state[side]);
      if (!view) continue;
      found.push({ key: `alignment-${side}`, label: `alignment r, ${side}`, short: "r", values: view.alignment });
      for (const name of set().saliency) {
        const overlap = middle(view.overlap[name]);
        if (!overlap) continue;
        found.push({ key: `overlap-${side}-${name}`, label: `overlap with ${name}, ${side}`, short: `overlap at ${overlap.percent} %`, values: overlap.shared });
      }
    }
    return found;
  }

  const written = (value, decimals = 2) => {
    if (value === null || value === undefined) return "undefined";
    if (typeof value === "string") return value;
    const text = value.toFixed(decimals);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
  };
  const perCent = (value) => (value === null || value === undefined ? "undefined" : `${Math.round(100 * value)}\u00a0%`);
  const mean = (values) => {
    const defined = values.filter((value) => typeof value === "number");
    return defined.length ? defined.reduce((sum, value) => sum + value, 0) / defined.length : null;
  };

  // --------------------------------------------------------------------------------------------------------------------
  // A picture with a line: left of it one layer, right of it the other

  function wipe(image, size, label) {
    const box = make("div", { class: "wipe" });
    box.append(picture(state.right, image, size, { class: "under" }), picture(state.left, image, size, { class: "over" }), make("span", { class: "edge" }));
    if (label) {
      const input = make("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": label });
      input.addEventListener("input", () => box.style.setProperty("--wipe", `${input.value}%`));
      box.append(input);
    }
    return box;
  }

  const wipeNames = () => make("div", { class: "wipe-names" },
    make("span", {}, make("span", { class: "name-left" }, `◂ ${nameOf(state.left)}`), tags(state.left)),
    make("span", {}, make("span", { class: "name-right" }, `${nameOf(state.right)} ▸`), tags(state.right)));

  // --------------------------------------------------------------------------------------------------------------------
  // The head of the page

  function headline() {
    const [left, right] = [viewOf(state.left), viewOf(state.right)];
    if (!left || !right) return "Where the image carries its match with people";
    if (left.comparison === right.comparison && left.model !== right.model) return "Same images, same observers, different networks";
    if (left.comparison === right.comparison || left.model !== right.model) return "Two ways to look";
    const sameImages = left.present.every((there, image) => there === right.present[image]);
    return sameImages ? "Same images, same network, different observers" : "Same network, two comparisons";
  }

  function describeSide(side) {
    const layer = state[side];
    const view = viewOf(layer);
    if (!view) return make("li", { class: `is-${side}` }, sideName(side));
    const alignment = mean(view.alignment);
    return make("li", { class: `is-${side}` }, sideName(side), make("br"),
      `bright where the feature maps of ${view.model} lie that match these judgments; mean alignment r = ${written(alignment)}`,
      alignment !== null && alignment < 0.1 ? ", hardly any to explain" : "");
  }

  /** A few images, evenly spaced in the list, so that none was picked for its looks. */
  function samples() {
    const both = set().images.map((_, image) => image).filter((image) => isPresent(state.left, image) && isPresent(state.right, image));
    const wanted = Math.min(SAMPLES, both.length);
    return Array.from({ length: wanted }, (_, at) => both[wanted === 1 ? 0 : Math.round((at * (both.length - 1)) / (wanted - 1))]);
  }

  function sampleRows() {
    const chosen = samples();
    const rows = new Map([["image", null], [state.left, "left"], [state.right, "right"]]);
    return [...rows].map(([layer, side]) => {
      const name = side ? make("span", {}, sideName(side)) : make("span", { class: "soft" }, "image");
      const row = make("div", { class: "samples-row" }, name, chosen.map((image) =>
        make("button", { type: "button", title: set().images[image], onclick: () => openLarge(image) }, picture(layer, image, "small"))));
      row.style.setProperty("--columns", chosen.length);
      return row;
    });
  }

  function histogram(values) {
    const bins = Array(20).fill(0);
    const defined = values.filter((value) => value !== null);
    for (const value of defined) bins[Math.min(19, Math.floor((value + 1) * 10))] += 1;
    const most = Math.max(1, ...bins);
    const bars = bins.map((count, at) => drawing("rect", { x: at * 10 + 0.5, y: 40 - (36 * count) / most, width: 9, height: (36 * count) / most }));
    const words = [[0, "−1", "start"], [100, "0", "middle"], [200, "1", "end"]].map(([x, text, anchor]) => drawing("text", { x, y: 52, "text-anchor": anchor }, text));
    return drawing("svg", { viewBox: "0 0 200 54", role: "img", "aria-label": `Histogram of the agreement of ${defined.length} images from −1 to 1` },
      ...bars, drawing("line", { x1: 0, x2: 200, y1: 40, y2: 40 }), drawing("line", { x1: 100, x2: 100, y1: 36, y2: 43 }), ...words);
  }

  function renderLead() {
    byId("lead-title").textContent = headline();
    const parts = [make("ul", { class: "sides" }, describeSide("left"), describeSide("right"))];
    const agreement = agreementOf(state.left, state.right);
    if (agreement) {
      parts.push(make("div", { class: "spread" },
        make("span", {}, "Agreement of the two heatmaps,", make("br"), `mean over images: r = ${written(mean(agreement))}`), histogram(agreement)));
    }
    byId("lead-text").replaceChildren(...parts);
    byId("samples").replaceChildren(...sampleRows());
    byId("lead-caption").textContent = `${samples().length} of ${set().images.length} images, evenly spaced in the list of all; all of them follow below.`;
    const views = set().views;
    const count = (key, one, many) => { const n = new Set(views.map((view) => view[key])).size; return `${n} ${n === 1 ? one : many}`; };
    byId("about").replaceChildren(
      `${set().images.length} images, ${count("comparison", "comparison", "comparisons")}, ${count("model", "network", "networks")}`,
      ...tagged([...new Set(views.flatMap((_, at) => warnings(`view:${at}`)))]));
  }

  const significant = (value) => String(value).replaceAll("-", "−");

  function renderMadeOf() {
    const oneScale = set().views.some((view) => view.limits);
    const rows = set().views.map((view, at) => make("tr", {},
      make("td", {}, view.comparison, tagged(ofObservers(view))),
      make("td", {}, view.model, tagged(view.unusual)),
      make("td", {}, `${view.weights}, ${view.arithmetic}`),
      make("td", { class: "number" }, `${view.maps_retained ?? "undefined"} of ${view.maps_total}`),
      make("td", { class: "number" }, written(mean(view.alignment))),
      oneScale ? make("td", {}, view.limits ? make("span", { class: "ramp number" }, significant(view.limits[0]),
        make("span", { class: "ramp-colours", role: "img", "aria-label": "to" }), significant(view.limits[1])) : "no heatmap") : null));
    const head = ["judgments", "network", "weights, arithmetic", "feature maps retained", "mean alignment r", ...(oneScale ? ["heatmap: activation, weighted by AIS"] : [])].map((text) => make("th", { scope: "col" }, text));
    const table = byId("made-of");
    table.replaceChildren(table.caption, make("thead", {}, make("tr", {}, head)), make("tbody", {}, rows));
  }

  // --------------------------------------------------------------------------------------------------------------------
  // Controls

  function options(select, entries, chosen) {
    select.replaceChildren(...entries.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
    select.value = chosen;
  }

  function chooseSides() {
    const views = set().views;
    const first = views[0];
    const shares = (view) => view !== first && view.present.some((there, image) => there && first.present[image]);
    let other = views.findIndex((view) => shares(view) && view.model === first.model);
    if (other < 0) other = views.findIndex(shares);
    [state.left, state.right] = other < 0 ? ["image", "view:0"] : ["view:0", `view:${other}`];
  }

  function renderControls() {
    options(byId("set"), data.sets.map((one, at) => [String(at), one.name]), String(state.set));
    byId("set-field").hidden = data.sets.length < 2;
    const named = layers().map((layer) => [layer, viewOf(layer)?.simulated ? `${nameOf(layer)} (simulated)` : nameOf(layer)]);
    options(byId("left"), named, state.left);
    options(byId("right"), named, state.right);
    const known = metrics();
    const sorts = [["name", "name"], ...(set().categories ? [["category", "category"]] : []), ...known.map(({ key, label }) => [key, label])];
    if (!sorts.some(([key]) => key === state.sort)) state.sort = "name";
    options(byId("sort"), sorts, state.sort);
    const categories = [...new Set(set().categories ?? [])].sort(collator.compare);
    options(byId("category"), [["", "all"], ...categories.map((name) => [`=${name}`, name || "(none)"])], state.category);
    byId("category-field").hidden = !set().categories;
    byId("wipe-field").hidden = state.mode !== "slider";
    const order = byId("order");
    order.textContent = state.descending ? "descending ↓" : "ascending ↑";
    order.setAttribute("aria-pressed", String(state.descending));
    order.setAttribute("aria-label", state.descending ? "Order: descending" : "Order: ascending");
    byId("range-list").replaceChildren(...known.map(({ key, label }) => {
      const bound = (end, words) => make("label", {}, `${words} `, make("input", {
        type: "number", step: "0.05", value: state.ranges[key]?.[end] ?? "", "aria-label": `${label}, ${words}`, "data-range": `${key} ${end}`,
        oninput: (event) => {
          const value = event.target.valueAsNumber;
          (state.ranges[key] ??= {})[end] = Number.isNaN(value) ? undefined : value;
          renderTiles();
        },
      }));
      return make("fieldset", { class: "range" }, make("legend", {}, label), bound("low", "from"), bound("high", "to"));
    }));
  }

  function select() {
    const words = state.search.trim().toLocaleLowerCase("en");
    const known = metrics();
    const limits = known.filter(({ key }) => state.ranges[key]?.low !== undefined || state.ranges[key]?.high !== undefined);
    const chosen = [state.left, state.right].filter(viewOf);
    shown = set().images.map((_, image) => image).filter((image) => {
      if (chosen.length && !chosen.some((layer) => isPresent(layer, image))) return false;
      if (state.category && `=${set().categories[image]}` !== state.category) return false;
      if (words && !set().images[image].toLocaleLowerCase("en").includes(words)) return false;
      return limits.every(({ key, values }) => {
        const { low = -Infinity, high = Infinity } = state.ranges[key];
        return values[image] !== null && values[image] >= low && values[image] <= high;
      });
    });
    const sign = state.descending ? -1 : 1;
    const by = known.find(({ key }) => key === state.sort);
    const names = state.sort === "category" ? set().categories : null;
    shown.sort((a, b) => {
      if (by) {
        const [x, y] = [by.values[a], by.values[b]];
        // What is undefined comes last in either order.
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return sign * (x - y) || a - b;
      }
      return sign * ((names ? collator.compare(names[a], names[b]) : 0) || collator.compare(set().images[a], set().images[b])) || a - b;
    });
  }

  // --------------------------------------------------------------------------------------------------------------------
  // Tiles

  function cell(layer, image, side) {
    const view = viewOf(layer);
    const caption = side ? make("span", { class: `name-${side}` }, nameOf(layer)) : make("span", { class: "soft" }, nameOf(layer));
    const r = view ? make("span", { class: "soft number" }, `r ${written(view.alignment[image])}`) : null;
    return make("span", { class: "cell" }, picture(layer, image, "small"), caption, r);
  }

  function tile(image, place) {
    const id = set().images[image];
    const category = set().categories?.[image];
    const agreement = agreementOf(state.left, state.right);
    const sorted = metrics().find(({ key }) => key === state.sort);
    const facts = [];
    if (agreement) facts.push(`agreement ${written(agreement[image])}`);
    if (sorted && sorted.key.startsWith("overlap")) facts.push(`${sorted.label}: ${perCent(sorted.values[image])}`);
    const spoken = [id, category ? `category ${category}` : null,
      ...["left", "right"].filter((side) => viewOf(state[side])).map((side) => `${plainName(state[side])}: r ${written(viewOf(state[side]).alignment[image])}`),
      ...facts].filter(Boolean).join("; ");
    const pictures = state.mode === "slider" ? wipe(image, "small", null)
      : make("span", { class: "row" }, state.left === "image" || state.right === "image" ? null : cell("image", image, null),
        cell(state.left, image, "left"), cell(state.right, image, "right"));
    const button = make("button", { type: "button", tabindex: place === state.active ? 0 : -1, "aria-label": spoken, "aria-haspopup": "dialog", "data-image": image },
      make("span", { class: "heading" }, make("b", {}, id), category ? make("span", {}, category) : null), pictures,
      facts.length ? make("span", { class: "foot number" }, facts.map((fact) => make("span", {}, fact))) : null);
    return make("li", { class: "tile" }, button);
  }

  function renderMore(upTo) {
    const end = Math.min(shown.length, upTo);
    const next = [];
    for (let place = rendered; place < end; place += 1) next.push(tile(shown[place], place));
    byId("tiles").append(...next);
    rendered = Math.max(rendered, end);
  }

  function renderTiles() {
    select();
    state.active = 0;
    rendered = 0;
    const list = byId("tiles");
    list.replaceChildren();
    list.className = state.mode === "slider" ? "tiles slider" : "tiles";
    renderMore(CHUNK);
    byId("nothing").hidden = shown.length > 0;
    byId("count").textContent = `${shown.length} of ${set().images.length} images`;
  }

  function renderAll() {
    renderLead();
    renderControls();
    renderMadeOf();
    renderTiles();
  }

  /** Move the one tile that Tab reaches, and the focus with it. */
  function focusTile(place) {
    if (place < 0 || place >= shown.length) return;
    renderMore(place + CHUNK);
    const buttons = byId("tiles").querySelectorAll("button");
    buttons[state.active]?.setAttribute("tabindex", "-1");
    state.active = place;
    buttons[place].setAttribute("tabindex", "0");
    buttons[place].focus();
    buttons[place].scrollIntoView({ block: "nearest" });
  }

  function tilesPerRow() {
    return getComputedStyle(byId("tiles")).gridTemplateColumns.split(" ").length;
  }

  byId("tiles").addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: tilesPerRow(), ArrowUp: -tilesPerRow(), Home: -state.active, End: shown.length - 1 - state.active };
    if (!(event.key in moves) || !event.target.closest("button")) return;
    event.preventDefault();
    focusTile(state.active + moves[event.key]);
  });
  byId("tiles").addEventListener("focusin", (event) => {
    const place = [...byId("tiles").children].indexOf(event.target.closest("li"));
    if (place < 0 || place === state.active) return;
    byId("tiles").children[state.active]?.firstChild.setAttribute("tabindex", "-1");
    state.active = place;
    event.target.closest("button").setAttribute("tabindex", "0");
  });
  byId("tiles").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) openLarge(Number(button.dataset.image));
  });

  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) renderMore(rendered + CHUNK);
  }, { rootMargin: "1200px" }).observe(byId("more"));

  // --------------------------------------------------------------------------------------------------------------------
  // The large view

  let open = null; // the position of the image that is shown
  let partner = null; // where a pair is shown: the other image, and the view that explains them
  let openedWith = null; // the position of the image that the large view was opened with

  function facts(image) {
    const sides = ["left", "right"].filter((side) => viewOf(state[side]));
    const row = (name, values) => make("tr", {}, make("th", { scope: "row" }, name), values.map((value) => make("td", {}, value)));
    const rows = [row("alignment, r", sides.map((side) => written(viewOf(state[side]).alignment[image])))];
    for (const name of set().saliency) {
      const [first] = sides.map((side) => viewOf(state[side]).overlap[name]);
      (first ?? []).forEach(({ percent }, at) => rows.push(row(`${name}, ${percent}\u00a0%`, sides.map((side) => {
        const overlap = viewOf(state[side]).overlap[name][at];
        return `${perCent(overlap.shared[image])}, risk\u00a0${written(overlap.risk[image], 1)}`;
      }))));
    }
    const agreement = agreementOf(state.left, state.right);
    const table = make("table", { class: "facts" }, make("caption", {}, "Alignment; overlap with saliency at each size of the masks, with its relative risk"),
      make("thead", {}, make("tr", {}, make("td", {}), sides.map((side) => make("th", { scope: "col" }, bareName(side))))), make("tbody", {}, rows));
    const note = agreement ? make("p", {}, `Agreement of the two heatmaps: r = ${written(agreement[image])}`) : null;
    return make("div", {}, sides.length ? table : null, note);
  }

  function layersOf(image) {
    return make("section", {}, make("h3", {}, "Layers"), make("div", { class: "figures" }, layers().map((layer) =>
      make("figure", {}, picture(layer, image, "large"), make("figcaption", {}, viewOf(layer) ? "heatmap: " : "", nameOf(layer), tags(layer))))));
  }

  /** A section with a part for each side that is a heatmap. */
  function forSides(title, note, render) {
    const sides = ["left", "right"].filter((side, at) => viewOf(state[side]) && (at === 0 || state.left !== state.right));
    if (!sides.length) return null;
    return make("section", {}, make("h3", {}, title), note, make("div", { class: sides.length === 1 ? "pair is-single" : "pair" }, sides.map((side) =>
      make("div", { class: `is-${side}` }, make("div", { class: "side-title" }, bareName(side)), render(viewOf(state[side]), side)))));
  }

  function contoursOf(image) {
    if (!set().saliency.length) return null;
    const percents = data.percents.join(", ");
    const note = make("p", { class: "soft" }, `Outlines of the highest ${percents} per cent of pixels; the fewer pixels, the wider the line: `,
      make("span", { class: "swatch heatmap" }), " heatmap, ", make("span", { class: "swatch saliency" }), " saliency map.");
    return forSides("Overlap with saliency", note, (view) => (view.present[image] ? make("div", { class: "figures wide" }, set().saliency.map((name) =>
      make("figure", {}, make("div", { class: "stack" }, picture("image", image, "large"),
        make("img", { src: path(`contours/${view.name}/${name}`, image, "svg"), loading: "lazy", alt: `Outlines of the highest ${percents} per cent of the heatmap and of the saliency map ${name}` })),
      make("figcaption", {}, name, ": ", view.overlap[name].map(({ percent, shared }) => `${perCent(shared[image])} in common at ${percent}\u00a0%`).join(", ")))))
      : make("p", {}, "This image was not judged.")));
  }

  function mapsOf(image) {
    return forSides("Feature maps that made the heatmap", make("p", { class: "soft" }, "Those with the largest AIS in this image, each over its own range, and their shares of the weight in the heatmap."), (view) => {
      const maps = view.maps[image];
      if (!maps.length) return make("p", {}, view.present[image] ? "No feature map has a positive score." : "This image was not judged.");
      return make("ol", { class: "six" }, maps.map(([map, ais, share], at) => {
        const strip = make("img", { src: path(`maps/${view.name}`, image), alt: `Feature map ${map} over ${set().images[image]}`, loading: "lazy" });
        strip.style.width = `${100 * maps.length}%`;
        strip.style.maxWidth = "none";
        strip.style.marginLeft = `${-100 * at}%`;
        return make("li", {}, make("span", { class: "frame" }, strip), make("span", {}, `map ${map}`), make("br"),
          make("span", { class: "soft number" }, `AIS ${significant(ais)}`), make("br"), make("span", { class: "soft number" }, `weight ${(100 * share).toFixed(1)} %`));
      }));
    });
  }

  function nearestOf(image) {
    const rows = [["people", () => "according to people"], ["full", (view) => `according to the network, all ${view.maps_total} feature maps`],
      ["retained", (view) => (view.maps_retained === null ? "according to the network, retained: undefined" : `according to the network, ${view.maps_retained} retained feature maps`)]];
    const note = make("p", { class: "soft" }, "With a bold border: also among the nearest according to people. With a question mark: what explains the pair is shown.");
    return forSides("Nearest images", note, (view) => [partnersOf(view, image), ...rows.flatMap(([which, title]) => {
      const found = view.nearest[which][image];
      const people = new Set(view.nearest.people[image].map(([other]) => other));
      const heading = make("div", { class: "soft-heading" }, title(view));
      if (!found.length) return [heading, make("p", {}, "None: no similarity is defined.")];
      return [heading, make("ol", { class: "six" }, found.map(([other, similarity]) => {
        const shared = which !== "people" && people.has(other);
        const name = set().images[other];
        const explained = pairOf(view, image, other) !== undefined;
        return make("li", {}, make("button", {
          type: "button", class: shared ? "shared" : null, title: name, onclick: () => (explained ? openLarge(image, { view, other }) : openLarge(other)),
          "aria-label": `${name}, similarity ${significant(similarity)}${explained ? ", explained" : ""}${shared ? ", also among the nearest according to people" : ""}`,
        }, make("span", { class: explained ? "frame square explained" : "frame square" }, picture("image", other, "small")), make("small", {}, name), make("small", { class: "soft number" }, significant(similarity))));
      }))];
    })]);
  }

  // --------------------------------------------------------------------------------------------------------------------
  // Two images in the large view, and what explains them

  const pairOf = (view, image, other) => view.explained.pairs.find(({ images }) => images.includes(image) && images.includes(other));
  const partners = (view, image) => view.explained.pairs.filter(({ images }) => images.includes(image)).map(({ images }) => images[images[0] === image ? 1 : 0]);

  function partnersOf(view, image) {
    const others = partners(view, image);
    if (!others.length) return null;
    return make("p", {}, make("button", { type: "button", class: "why", onclick: () => openLarge(image, { view, other: others[0] }) },
      `Why these two? ${others.length} explained ${others.length === 1 ? "pair" : "pairs"} of this image`));
  }

  /** What draws the maps of a pair: its picture holds them side by side, with a pixel for each place. */
  function drawer({ name, explained: { grid: [rows, columns], pairs } }, pair) {
    const tiles = new Image();
    tiles.src = path(`pairs/${name}`, pairs.indexOf(pair));
    const ready = tiles.decode();
    return (canvas, number) => ready.then(() => {
      const pen = canvas.getContext("2d");
      pen.clearRect(0, 0, columns, rows);
      pen.drawImage(tiles, (number % columns) * columns, Math.floor(number / columns) * rows, columns, rows, 0, 0, columns, rows);
    });
  }

  /** Lay something over the part of a picture that a network saw, or over some places of it. */
  function over(element, { explained: { boxes, grid } }, image, place = null) {
    const [left, top, width, height] = boxes[image] ?? [0, 0, 1, 1];
    const [rows, columns] = place === null ? [1, 1] : grid;
    const [row, column] = place === null ? [0, 0] : [Math.floor(place / columns), place % columns];
    Object.assign(element.style, { left: `${100 * (left + (width * column) / columns)}%`, top: `${100 * (top + (height * row) / rows)}%`,
      width: `${(100 * width) / columns}%`, height: `${(100 * height) / rows}%` });
    return element;
  }

  function covered(view, image, size, label, attributes = {}) {
    const [height, width] = view.explained.grid;
    const canvas = over(make("canvas", { width, height, role: "img", "aria-label": label }), view, image);
    // The places of a picture are parts of its box, which is therefore made narrower where it would be higher than the window.
    const narrow = ({ target }) => { box.style.maxWidth = `${(80 * target.naturalWidth) / target.naturalHeight}vh`; };
    const box = make("div", { class: "covered", ...attributes }, picture("image", image, size, { onload: narrow }), canvas);
    return { canvas, box };
  }

  /**
   * Both images of a pair under their heatmaps. Where places are compared, a place that is pointed at, or reached with the
   * arrow keys, lights in the other image what it meets there.
   */
  function heatmapsOf(view, pair, shownImages, draw) {
    const [rows, columns] = view.explained.grid;
    const names = shownImages.map((image) => set().images[image]);
    const compared = pair.meets.length > 0;
    const said = make("output", { class: "said", "aria-live": "polite" });
    const sides = shownImages.map((image, at) => {
      const side = pair.images.indexOf(image);
      const label = pair.heatmap[side] ? `Heatmap of ${names[at]} in the light of ${names[1 - at]}` : `No heatmap of ${names[at]}`;
      const places = { tabindex: 0, role: "application", "aria-roledescription": "places", "aria-label": `Places of ${names[at]}: move with the arrow keys` };
      const { canvas, box } = covered(view, image, "large", label, compared ? places : {});
      return { image, side, canvas, box, mark: make("span", { class: "place", hidden: true }) };
    });

    function point(at, place) {
      sides.forEach(({ image, side, canvas, mark }, here) => {
        const from = sides[at];
        const met = place === null ? null : pair.meets[from.side][place];
        const marked = here === at ? place : met;
        mark.hidden = marked === null;
        over(mark, view, image, marked);
        // While a place of the other image is pointed at, the places that it meets; otherwise the heatmap.
        const lit = place !== null && here !== at;
        canvas.classList.toggle("lit", lit);
        draw(canvas, lit ? 2 + 2 * pair.maps.length + from.side * rows * columns + place : side);
      });
      const where = (number) => `row ${Math.floor(number / columns) + 1}, column ${(number % columns) + 1}`;
      const [self, other] = [names[at], names[1 - at]];
      const met = place === null ? null : pair.meets[sides[at].side][place];
      said.textContent = place === null ? "" : `In ${self}, ${where(place)}: ${met === null ? `meets nothing in ${other}` : `meets ${where(met)} of ${other} most`}.`;
    }

    sides.forEach(({ box, canvas, mark }, at) => {
      box.append(mark);
      if (!compared) return;
      let last = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
      const pointed = (event) => {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        const [column, row] = [Math.floor(((event.clientX - left) / width) * columns), Math.floor(((event.clientY - top) / height) * rows)];
        const inside = row >= 0 && row < rows && column >= 0 && column < columns;
        if (inside) last = row * columns + column;
        point(at, inside ? last : null);
      };
      box.addEventListener("pointermove", pointed);
      box.addEventListener("pointerdown", pointed);
      box.addEventListener("pointerleave", () => point(at, null));
      box.addEventListener("focus", () => point(at, last));
      box.addEventListener("blur", () => point(at, null));
      box.addEventListener("keydown", (event) => {
        const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
        if ((!down && !right) || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const [row, column] = [Math.floor(last / columns) + down, (last % columns) + right];
        if (row >= 0 && row < rows && column >= 0 && column < columns) last = row * columns + column;
        point(at, last);
      });
    });
    point(0, null);
    const note = compared
      ? "Point at a place of one image, or go there with Tab and the arrow keys: the other lights up where it meets that place, the brighter the larger the part that both places have in the similarity of the two images. Parts below zero stay clear. All parts sum to the similarity."
      : `Which place meets which is not shown: the similarity has parts of places only where the readout is the mean of the feature maps, and they are drawn for up to ${view.explained.most_places} places.`;
    return make("section", {}, make("div", { class: "two" }, sides.map(({ image, side, box }, at) =>
      make("figure", {}, box, make("figcaption", {}, make("button", { type: "button", onclick: () => openLarge(image) }, `large view of ${names[at]}`),
        pair.heatmap[side] ? null : " No heatmap: no feature map has a positive contribution.")))), said, make("p", { class: "soft" }, note));
  }

  function mapsOfPair(view, pair, shownImages, draw) {
    const against = pair.share < 0;
    const note = make("p", { class: "soft" }, `Those that contribute most to the ${against ? "disagreement" : "agreement"} of people and network about this pair, each over its own range in each image. Over all judged pairs the contributions of a map sum to its AIS.`);
    const maps = pair.maps.map(([map, contribution], at) => make("li", {}, shownImages.map((image) => {
      const { canvas, box } = covered(view, image, "small", `Feature map ${map} over ${set().images[image]}`);
      draw(canvas, 2 + 2 * at + pair.images.indexOf(image));
      return box;
    }), make("span", {}, `map ${map}`), make("br"), make("span", { class: "soft number" }, signed(contribution))));
    return make("section", {}, make("h3", {}, "Feature maps responsible"), maps.length ? [note, make("ol", { class: "six" }, maps)] : make("p", {}, "None: the contributions are undefined."));
  }

  const signed = (value) => (value === null ? "undefined" : `${value > 0 ? "+" : ""}${significant(value)}`);

  function factsOfPair(view, pair) {
    const deviations = (value) => (value === null ? "undefined" : `${signed(value)} SD`);
    return make("p", {}, "Similarity according to people ", make("b", { class: "number" }, deviations(pair.people)), ", according to the network ",
      make("b", { class: "number" }, deviations(pair.network)), " (with the retained feature maps alone ", make("b", { class: "number" }, deviations(pair.retained)), `), in standard deviations ${view.explained.ranks ? "of ranks " : ""}over all judged pairs. Share of r: `,
      make("b", { class: "number" }, signed(pair.share)), pair.share < 0 ? ": they disagree." : ".");
  }

  /** Choose any of the pairs that are explained. */
  function choiceOfPair(view) {
    const field = (id, words, images, chosen, go) => {
      const select = make("select", { id, onchange: () => { go(Number(select.value)); byId(id).focus(); } });
      options(select, images.map((image) => [String(image), set().images[image]]).sort(([, a], [, b]) => collator.compare(a, b)), String(chosen));
      return make("label", {}, `${words} `, select);
    };
    const explained = [...new Set(view.explained.pairs.flatMap(({ images }) => images))];
    return make("div", { class: "choice" },
      field("pair-image", "Image", explained, open, (image) => openLarge(image, { view, other: partners(view, image)[0] })),
      field("pair-other", "and", partners(view, open), partner.other, (other) => openLarge(open, { view, other })));
  }

  function renderPair() {
    const { view, other } = partner;
    const pair = pairOf(view, open, other);
    const draw = drawer(view, pair);
    const top = make("div", { class: "large-top" }, make("h2", { id: "large-title", tabindex: "-1" }, `Why these two? ${set().images[open]} and ${set().images[other]}`),
      make("span", { class: "buttons" }, make("button", { type: "button", id: "close", "aria-keyshortcuts": "Escape", onclick: closeLarge }, "close ✕")));
    const layer = `view:${set().views.indexOf(view)}`;
    byId("large").replaceChildren(top, make("div", { class: "large-body" },
      make("div", {}, make("p", {}, nameOf(layer), tags(layer)), choiceOfPair(view), factsOfPair(view, pair)),
      heatmapsOf(view, pair, [open, other], draw), mapsOfPair(view, pair, [open, other], draw)));
  }

  // --------------------------------------------------------------------------------------------------------------------
  // The large view as a whole

  function renderLarge() {
    const image = open;
    const place = shown.indexOf(image);
    const step = (by, label, key) => make("button", { type: "button", id: by < 0 ? "previous" : "next", disabled: place < 0 || shown[place + by] === undefined, "aria-keyshortcuts": key, onclick: () => go(by) }, label);
    const top = make("div", { class: "large-top" }, make("h2", { id: "large-title", tabindex: "-1" }, set().images[image]),
      set().categories?.[image] ? make("span", { class: "soft" }, set().categories[image]) : null,
      place >= 0 ? make("span", { class: "soft number" }, `${place + 1} of ${shown.length}`) : null,
      make("span", { class: "buttons" }, step(-1, "← previous", "ArrowLeft"), step(1, "next →", "ArrowRight"),
        make("button", { type: "button", id: "close", "aria-keyshortcuts": "Escape", onclick: closeLarge }, "close ✕")));
    const body = make("div", { class: "large-body" },
      make("div", { class: "first" }, make("div", {}, wipeNames(), wipe(image, "large", `Where left ends and right begins in ${set().images[image]}`)), facts(image)),
      layersOf(image), contoursOf(image), mapsOf(image), nearestOf(image));
    byId("large").replaceChildren(top, body);
  }

  /** Show an image, or with a partner the pair. */
  function openLarge(image, chosen = null) {
    [open, partner] = [image, chosen];
    const dialog = byId("large");
    if (partner) renderPair();
    else renderLarge();
    if (!dialog.open) {
      openedWith = image;
      dialog.showModal();
    }
    dialog.scrollTop = 0;
    byId("large-title").focus();
  }

  /**
   * The browser gives the focus back to what opened the view. When the reader has gone on to another image, it moves to
   * that one's tile, at once: an event that tells of the closing comes later, and keys pressed until then would be lost.
   */
  function closeLarge() {
    const last = open;
    open = null;
    byId("large").close();
    if (last !== openedWith) focusTile(shown.indexOf(last));
  }

  function go(by) {
    const next = shown[shown.indexOf(open) + by];
    if (next === undefined || !shown.includes(open)) return;
    openLarge(next);
  }

  // The focus can be on nothing in the view, after a turn through the browser's own controls.
  document.addEventListener("keydown", (event) => {
    if (open === null || partner || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, select")) return;
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  byId("large").addEventListener("click", (event) => {
    if (event.target === byId("large")) closeLarge(); // the backdrop
  });
  byId("large").addEventListener("cancel", (event) => {
    if (event.target !== byId("large")) return;
    event.preventDefault();
    closeLarge();
  });

  // --------------------------------------------------------------------------------------------------------------------
  // What the reader does

  byId("bar").addEventListener("submit", (event) => event.preventDefault());
  byId("set").addEventListener("change", (event) => {
    Object.assign(state, { set: Number(event.target.value), sort: "name", category: "", ranges: {} });
    chooseSides();
    renderAll();
  });
  for (const side of ["left", "right"]) {
    byId(side).addEventListener("change", (event) => {
      state[side] = event.target.value;
      renderAll();
    });
  }
  for (const radio of document.querySelectorAll("input[name=mode]")) {
    radio.addEventListener("change", () => {
      state.mode = radio.value;
      byId("wipe-field").hidden = state.mode !== "slider";
      renderTiles();
    });
  }
  byId("wipe").addEventListener("input", (event) => document.documentElement.style.setProperty("--wipe", `${event.target.value}%`));
  byId("sort").addEventListener("change", (event) => {
    state.sort = event.target.value;
    renderTiles();
  });
  byId("order").addEventListener("click", () => {
    state.descending = !state.descending;
    renderControls();
    renderTiles();
  });
  byId("category").addEventListener("change", (event) => {
    state.category = event.target.value;
    renderTiles();
  });
  byId("search").addEventListener("input", (event) => {
    state.search = event.target.value;
    renderTiles();
  });
  byId("reset").addEventListener("click", () => {
    Object.assign(state, { category: "", search: "", ranges: {} });
    byId("search").value = "";
    renderControls();
    renderTiles();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#ranges")) byId("ranges").open = false;
  });
  byId("ranges").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    byId("ranges").open = false;
    byId("ranges").querySelector("summary").focus();
  });
  window.addEventListener("beforeprint", () => {
    renderMore(shown.length);
    for (const image of document.images) image.loading = "eager";
  });

  chooseSides();
  renderAll();
})();
