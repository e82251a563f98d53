// For tests/test_slides.py: what is wrong with the slide that is shown.

const said = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""} "${element.textContent.trim().slice(0, 40)}"`;
const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
const isHidden = (element) => element.closest("aside.notes, defs") !== null;

/** What sticks out of the slide or of its own box, is too small to read or did not load. */
window.misfits = (slide = Reveal.getCurrentSlide(), around = document.querySelector(".reveal .slides"), scale = Reveal.getScale()) => {
  const frame = around.getBoundingClientRect();
  // the lowest 30 px are for the slide's number and the controls
  const [left, right] = [frame.left + 20 * scale, frame.right - 20 * scale];
  const [top, bottom] = [frame.top, frame.bottom - 30 * scale];
  const problems = [];
  for (const element of slide.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (isHidden(element) || box.width === 0 || box.height === 0) continue;
    if (box.left < left - 1 || box.right > right + 1 || box.top < top - 1 || box.bottom > bottom + 1)
      problems.push(`sticks out, reaches to ${Math.round(box.right / scale)}, ${Math.round(box.bottom / scale)}: ${said(element)}`);
    if (element.closest("svg")) continue;
    const surplus = element.scrollWidth - element.clientWidth;
    if (surplus > 1 && getComputedStyle(element).display !== "inline") problems.push(`${surplus} px wider than its box: ${said(element)}`);
    const size = parseFloat(getComputedStyle(element).fontSize);
    const least = element.closest("pre") ? 18 : element.closest("table, figcaption, code") ? 22 : 28;
    if (hasText(element) && size < least) problems.push(`${size} px: ${said(element)}`);
  }
  for (const image of slide.querySelectorAll("img")) if (!image.naturalWidth) problems.push(`not loaded: ${image.src}`);
  if (!slide.innerText.trim()) problems.push("empty");
  return problems;
};

/** The same of every page of the print view. */
window.misprints = () => [...document.querySelectorAll(".pdf-page")].flatMap((page) => misfits(page.querySelector("section"), page, 1));

const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);

function luminance(colour) {
  const [r, g, b] = colour.map((value) => value / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((p, q) => q - p);
  return (light + 0.05) / (dark + 0.05);
}

function behind(element) {
  for (let outer = element; outer; outer = outer.parentElement) {
    const colour = rgb(getComputedStyle(outer).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  throw new Error("no background");
}

/** Texts whose colour is less than 4.5 times as light, or as dark, as what is behind them (WCAG 2, level AA). */
window.faint = () => {
  const problems = [];
  let looked = 0;
  for (const element of Reveal.getCurrentSlide().querySelectorAll("*")) {
    const svg = element.closest("svg");
    const style = getComputedStyle(element);
    if (isHidden(element) || !(svg ? element.matches('g[id*="-text_"] use') : hasText(element))) continue;
    if (svg && ["rgb(255, 255, 255)", "rgb(1, 1, 1)"].includes(style.fill)) continue; // labels on bars
    looked += 1;
    const found = contrast(rgb(svg ? style.fill : style.color), behind(svg ? svg.parentElement : element));
    if (found < 4.5) problems.push(`${found.toFixed(2)}: ${said(element)}`);
  }
  return looked ? problems : ["nothing looked at"];
};

/** The ids that more than one element has. */
window.doubled = () => {
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return ids.filter((id, number) => ids.indexOf(id) !== number);
};
