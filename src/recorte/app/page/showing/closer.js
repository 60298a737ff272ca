export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame"), image = frame.querySelector("img");
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("[role=status]");
  frame.setAttribute("aria-label", image.alt = data.label);
  button.textContent = data.copy;
  if (image.src !== data.picture) {
    image.onload = () => {
      image.style.width = image.naturalWidth / devicePixelRatio + "px";  // a pixel of the photo is one of the screen
      frame.scrollTo((frame.scrollWidth - frame.clientWidth) / 2, (frame.scrollHeight - frame.clientHeight) / 3);
    };
    image.src = data.picture;
  }
  let from = null;
  frame.onpointerdown = (event) => {
    if (event.pointerType !== "mouse") return;  // fingers scroll
    from = [event.clientX + frame.scrollLeft, event.clientY + frame.scrollTop];
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
    frame.focus();
  };
  frame.onpointermove = (event) => from && frame.scrollTo(from[0] - event.clientX, from[1] - event.clientY);
  frame.onpointerup = frame.onpointercancel = () => { from = null; };
  button.onclick = async () => {
    try {
      const picture = fetch(data.picture).then((answer) => answer.blob());
      await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
      said.textContent = data.copied;
    } catch { said.textContent = data.refused; }
  };
}
