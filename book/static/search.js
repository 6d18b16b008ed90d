// The search page: sections, figures, terms and claims that hold all words, with excerpts. It takes
// the place of Sphinx's list of pages. The texts are in search-entries.js: a script loads over
// file://, too, where nothing can be fetched.
{
  const MOST = 60; // results shown
  const AROUND = 110; // characters of an excerpt on either side of a word
  const WEIGHT = { page: 4, section: 3, term: 3, claim: 2, figure: 2 };

  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // A word matches at the beginning of words; a plural finds the singular.
  const pattern = (word) => {
    const stem = word.length > 4 ? word.replace(/s$/, "") : word;
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped(stem)}`, "giu");
  };

  const parse = (query) =>
    [...plain(query).matchAll(/"([^"]+)"|(\S+)/g)].map((match) => pattern(match[1] ?? match[2]));

  const hits = (text, word) => [...text.matchAll(word)].length;

  const score = (entry, words, query) => {
    const title = plain(entry.title);
    let sum = WEIGHT[entry.kind] + 15 * title.includes(query);
    sum += 25 * (title.replace(/^the /, "") === query);
    for (const word of words) {
      const inTitle = hits(entry.title, word);
      const inText = hits(entry.text, word);
      if (!inTitle && !inText) return 0;
      sum += 10 * Math.min(inTitle, 2) + Math.min(inText, 5);
    }
    return sum;
  };

  const find = (entries, words, query) =>
    entries
      .map((entry) => ({ entry, score: score(entry, words, query) }))
      .filter((found) => words.length && found.score)
      .sort((a, b) => b.score - a.score)
      .map((found) => found.entry);

  const marked = (text, words) => {
    const all = new RegExp(words.map((word) => word.source).join("|"), "giu");
    const line = document.createElement("span");
    let end = 0;
    for (const match of text.matchAll(all)) {
      line.append(text.slice(end, match.index));
      line.append(Object.assign(document.createElement("mark"), { textContent: match[0] }));
      end = match.index + match[0].length;
    }
    line.append(text.slice(end));
    return line;
  };

  const excerpt = (text, words) => {
    const places = words.map((word) => text.search(word)).filter((place) => place >= 0);
    const start = Math.max(0, Math.min(...places, text.length) - AROUND);
    const from = places.length && start ? text.indexOf(" ", start) + 1 : 0;
    const cut = text.slice(from, from + 2 * AROUND);
    const rest = from + 2 * AROUND < text.length;
    return `${from ? "… " : ""}${rest ? cut.replace(/\s\S*$/, " …") : cut}`;
  };

  const item = (entry, words) => {
    const link = document.createElement("a");
    link.href = entry.to;
    link.append(marked(entry.title, words));
    const kind = Object.assign(document.createElement("small"), { textContent: entry.kind });
    if (entry.near) kind.textContent += `, ${entry.near}`;
    const quoted = document.createElement("p");
    quoted.append(marked(excerpt(entry.text, words), words));
    const line = document.createElement("li");
    line.append(link, " ", kind, quoted);
    return line;
  };

  const show = (query) => {
    const words = parse(query);
    const found = find(searchEntries, words, plain(query).trim());
    const number = found.length > MOST ? `the first ${MOST} of ${found.length}` : found.length;
    const heading = Object.assign(document.createElement("h2"), { textContent: "Search results" });
    const status = document.createElement("p");
    status.setAttribute("role", "status");
    status.textContent = found.length
      ? `${number} places for “${query}”`
      : `Nothing holds all words of “${query}”.`;
    const list = Object.assign(document.createElement("ul"), { className: "found" });
    list.append(...found.slice(0, MOST).map((entry) => item(entry, words)));
    document.getElementById("search-results").replaceChildren(heading, status, list);
  };

  const load = (query) => {
    const script = document.createElement("script");
    script.src = `${document.documentElement.dataset.content_root}search-entries.js`;
    script.addEventListener("load", () => show(query));
    document.head.append(script);
  };

  // Sphinx asks its own index on the same event, later.
  document.addEventListener("DOMContentLoaded", () => {
    Search.performSearch = load;
  });
}
