(() => {
  const stories = [...document.querySelectorAll("details.turn")];
  const button = document.querySelector("button.all");

  const show = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", show);
  show();

  if (button && stories.length > 1) {
    const name = () => { button.textContent = stories.every((s) => s.open) ? "Close all" : "Open all"; };
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = !stories.every((s) => s.open);
      stories.forEach((s) => { s.open = open; });
      name();
    });
    stories.forEach((s) => s.addEventListener("toggle", name));
  }

  let marked = [];
  const mark = (number) => {
    marked.forEach((one) => one.classList.remove("on-turn"));
    marked = number ? [...document.querySelectorAll(`[data-t="${number}"]`)] : [];
    marked.forEach((one) => one.classList.add("on-turn"));
  };
  const turnOf = (event) => event.target.closest?.("[data-t]")?.dataset.t;
  document.addEventListener("pointerover", (event) => mark(turnOf(event)));
  document.querySelector("#time")?.addEventListener("click", (event) => {
    const number = turnOf(event);
    if (number && !event.target.closest("a, details")) location.hash = `turn-${number}`;
  });

  let opened = [];
  const folded = [...document.querySelectorAll("details")];
  addEventListener("beforeprint", () => {
    opened = folded.map((one) => one.open);
    folded.forEach((one) => { one.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((one, n) => { one.open = opened[n]; }));
})();
