"""What a test asks a browser about a page: does it fit, can it be read.

Not here: tests. Try it: `python -m pytest tests/reports/test_browser.py`.
"""

from __future__ import annotations

FLOWS_OVER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter((each) =>
  each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1
  && !each.closest('.sr, .skip, svg')).map((each) => each.outerHTML.slice(0, 80))"""
LOW_CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const each of document.querySelectorAll('body *')) {
    const words = [...each.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!words || !each.checkVisibility() || each.closest('.sr, .skip')) continue;
    const style = getComputedStyle(each);
    const drawn = each.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [a, b] = [light(rgb(drawn)), light(ground(each))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${each.className} ${each.textContent} ${drawn}`);
  }
  return poor;
}"""
