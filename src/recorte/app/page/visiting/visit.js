// What the page does not know of the browser: its language, its clipboard, and which visit this tab is on.
export default function ({ data, setStateValue }) {
  document.documentElement.lang = data.language;
  let visit = sessionStorage.getItem("recorte-visit");
  if (!visit) {
    visit = [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem("recorte-visit", visit);
  }
  if (data.visit !== visit) setStateValue("visit", visit);
  // Streamlit calls the place to drop files a mere decoration, and names it all the same.
  const named = () => document.querySelectorAll("[data-testid=stFileUploaderDropzone][role=presentation]")
    .forEach((place) => place.setAttribute("role", "group"));
  named();
  window.recorteNamed ??= new MutationObserver(named);
  window.recorteNamed.observe(document.body, { childList: true, subtree: true });
  document.onpaste = (event) => {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith("image/"));
    const input = document.querySelector(".st-key-photos input[type=file]");
    if (!files.length || !input) return;
    event.preventDefault();
    const given = new DataTransfer();
    files.forEach((file) => given.items.add(file));
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
}
