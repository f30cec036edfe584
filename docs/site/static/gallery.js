// The tags of the gallery: one is chosen by its button, or by the address (#tag=...); without a script all cases are shown.
document.addEventListener("DOMContentLoaded", () => {
  const bar = document.getElementById("tags");
  if (!bar) return;
  const buttons = [...bar.querySelectorAll("button")];
  const cases = [...document.querySelectorAll(".gallery .case")];
  const show = (tag) => {
    for (const button of buttons) {
      const chosen = button.dataset.tag === tag;
      button.classList.toggle("chosen", chosen);
      button.setAttribute("aria-pressed", String(chosen));
    }
    const slug = tag.replaceAll(" ", "-");
    for (const card of cases) card.hidden = tag !== "" && !card.dataset.tags.split(" ").includes(slug);
    for (const gallery of document.querySelectorAll(".gallery")) {
      gallery.parentElement.hidden = !gallery.querySelector(".case:not([hidden])");
    }
  };
  const fromAddress = () => show(decodeURIComponent((location.hash.match(/^#tag=(.*)$/) || ["", ""])[1]));
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const tag = button.classList.contains("chosen") ? "" : button.dataset.tag;
      history.replaceState(null, "", tag ? `#tag=${encodeURIComponent(tag)}` : "#");
      show(tag);
    });
  }
  bar.hidden = false;
  addEventListener("hashchange", fromAddress);
  fromAddress();
});
