"""The slider between a photo and its cut-out: a small component of its own, with nothing from elsewhere."""

import streamlit as st

HTML = """
<figure class="pair">
  <img class="after" alt=""><img class="before" alt="">
  <span class="line" aria-hidden="true"><svg viewBox="0 0 24 24"><path d="M9 6 3 12l6 6M15 6l6 6-6 6"/></svg></span>
  <figcaption class="left"></figcaption><figcaption class="right"></figcaption>
  <input type="range" min="0" max="100" step="0.5" value="50">
</figure>
"""

CSS = """
.pair { --at: 50%; position: relative; margin: 0 auto; overflow: hidden;
  border-radius: 12px; box-shadow: 0 0 0 1px var(--line);
  background: conic-gradient(var(--check) 25%, var(--check-light) 0 50%, var(--check) 0 75%, var(--check-light) 0)
    0 0 / 22px 22px; }
.pair img { display: block; width: 100%; height: auto; user-select: none; }
.pair .before { position: absolute; inset: 0; height: 100%;
  clip-path: inset(0 calc(100% - var(--at)) 0 0); }
.pair .line { position: absolute; top: 0; bottom: 0; left: var(--at); width: 0; border-left: 2px dashed #fffdf8;
  margin-left: -1px; pointer-events: none; filter: drop-shadow(0 0 2px rgb(33 28 23 / 55%)); }
.pair svg { position: absolute; top: 50%; left: -1px; width: 20px; padding: 9px; translate: -50% -50%;
  background: #d0402a; border-radius: 50%; fill: none; stroke: #fffdf8; stroke-width: 2; stroke-linecap: round;
  stroke-linejoin: round; }
.pair figcaption { position: absolute; bottom: 10px; padding: 3px 10px; border-radius: 99px; font-size: 12px;
  letter-spacing: .02em; background: rgb(33 28 23 / 72%); color: #fffdf8; pointer-events: none; }
.pair .left { left: 10px; } .pair .right { right: 10px; }
.pair input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: ew-resize;
  touch-action: pan-y; }
.pair:has(input:focus-visible) svg { outline: 3px solid #211c17; outline-offset: 2px; }
"""

JS = """
export default function ({ data, parentElement }) {
  const pair = parentElement.querySelector(".pair"), input = pair.querySelector("input");
  pair.style.width = `min(100%, ${66 * data.ratio}vh)`;
  pair.style.aspectRatio = data.ratio;  // what is below does not move when the pictures come
  for (const name of ["before", "after"]) {
    const image = pair.querySelector("." + name);
    if (image.src !== data[name]) image.src = data[name];
  }
  pair.querySelector(".before").alt = pair.querySelector(".left").textContent = data.left;
  pair.querySelector(".after").alt = pair.querySelector(".right").textContent = data.right;
  input.setAttribute("aria-label", data.label);
  input.oninput = () => pair.style.setProperty("--at", input.value + "%");
}
"""


def before_after(before: str, after: str, left: str, right: str, label: str, ratio: float, key: str) -> None:
    """Show two pictures of one size over each other, with a handle to pull.

    Args:
        before: address of the picture on the left.
        after: address of the one on the right; checks show where it is transparent.
        left: what the picture on the left is called.
        right: what the picture on the right is called.
        label: of the handle, for those who do not see it.
        ratio: of width to height, of both.
        key: of the component in the page.
    """
    mount = st.components.v2.component("recorte_before_after", html=HTML, css=CSS, js=JS)
    data = {"before": before, "after": after, "left": left, "right": right, "label": label, "ratio": ratio}
    mount(data=data, key=key)
