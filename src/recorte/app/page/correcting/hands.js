// How mouse, fingers and keys reach the editor.
function listen(editor) {
  const { dialog, canvas, view, pointers } = editor;
  let panning = false, pinching = false;
  const at = (event) => { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.x, y: event.clientY - box.y }; };
  const pinch = () => {
    const [a, b] = pointers.values();
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, far: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  };

  canvas.onpointerdown = (event) => {
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const { x, y } = at(event);
    pointers.set(event.pointerId, { x, y });
    editor.brush = event.pointerType === "touch" ? null : { x, y };
    if (pointers.size > 1) { pinching = true; editor.stroke = null; editor.draw(); }
    else if (event.button > 0 || editor.tool === "move") panning = true;
    else editor.begin(x, y);
  };
  canvas.onpointermove = (event) => {
    const { x, y } = at(event), before = pointers.get(event.pointerId);
    if (event.pointerType !== "touch") editor.brush = { x, y };
    if (before) {
      const old = pinching && pointers.size === 2 ? pinch() : null;
      pointers.set(event.pointerId, { x, y });
      if (old) {
        const now = pinch();
        view.pan(now.x - old.x, now.y - old.y);
        view.zoom(now.far / old.far, now.x, now.y);
      } else if (panning) view.pan(x - before.x, y - before.y);
      else if (editor.stroke) {
        const all = event.getCoalescedEvents?.() ?? [];
        for (const one of all.length ? all : [event]) { const place = at(one); editor.extend(place.x, place.y); }
      }
    }
    editor.draw();
  };
  const up = (event) => {
    pointers.delete(event.pointerId);
    if (event.type === "pointercancel") editor.stroke = null;
    if (!pointers.size) { panning = pinching = false; editor.end(); }
  };
  canvas.onpointerup = canvas.onpointercancel = up;
  canvas.onpointerleave = () => { if (!pointers.size) { editor.brush = null; editor.draw(); } };
  canvas.oncontextmenu = (event) => event.preventDefault();
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { x, y } = at(event), lines = event.deltaMode ? 30 : 1;
    view.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), x, y);
    editor.draw();
  }, { passive: false });

  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.tool) editor.choose(button.dataset.tool);
    else if (button?.dataset.act) editor.act(button.dataset.act);
    else if (button?.className === "done") editor.finish();
  });
  dialog.oncancel = (event) => { event.preventDefault(); editor.finish(); };
  editor.size.oninput = () => {  // shown at its size, in the middle
    editor.brush = { x: view.wide / 2, y: view.high / 2 };
    editor.draw();
  };

  dialog.onkeydown = (event) => {
    event.stopPropagation();  // the page has keys of its own
    if (key(event)) event.preventDefault();
  };
  canvas.onkeyup = (event) => { if (event.key === " " && !pointers.size) editor.end(); };
  canvas.onblur = () => { if (editor.stroke && !pointers.size) editor.end(); };

  function key(event) {
    const name = event.key, command = event.ctrlKey || event.metaKey;
    if (command && name.toLowerCase() === "z") return editor.act(event.shiftKey ? "redo" : "undo"), true;
    if (command && name.toLowerCase() === "y") return editor.act("redo"), true;
    if (command || event.altKey) return false;
    const tool = { 1: "keep", 2: "drop", 3: "move" }[name], act = { "+": "in", "=": "in", "-": "out", 0: "fit" }[name];
    if (tool) return editor.choose(tool), true;
    if (act) return editor.act(act), true;
    if ("[]".includes(name)) { editor.size.value = editor.radius * (name === "]" ? 1.25 : 0.8); editor.draw(); return true; }
    if (dialog.getRootNode().activeElement !== canvas) return false;
    const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[name] ?? [0, 0];
    if (right || down) return move(right, down, event.shiftKey || editor.tool === "move"), true;
    if (name !== " ") return false;
    if (editor.tool !== "move" && !editor.stroke) { move(0, 0, false); editor.begin(editor.brush.x, editor.brush.y); }
    return true;
  }

  function move(right, down, pans) {
    if (pans) view.pan(-40 * right, -40 * down);
    else {
      const step = Math.max(4, editor.radius / 2), { x, y } = editor.brush ?? { x: view.wide / 2, y: view.high / 2 };
      editor.brush = { x: Math.min(Math.max(x + right * step, 0), view.wide), y: Math.min(Math.max(y + down * step, 0), view.high) };
      if (editor.stroke) editor.extend(editor.brush.x, editor.brush.y);
    }
    editor.draw();
  }
}
