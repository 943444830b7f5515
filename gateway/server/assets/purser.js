// What pages do better with scripts. All of them work without.
(() => {
  "use strict";

  // A button with data-copy="id" copies the text of that element, and says so.
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    const text = "value" in source ? source.value : source.textContent;
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      return;
    }
    const said = button.textContent;
    button.textContent = button.dataset.copied || said;
    setTimeout(() => { button.textContent = said; }, 2000);
  };

  // Buttons that need a script are hidden until there is one.
  const show = (root) => root.querySelectorAll("[data-copy][hidden], [data-print][hidden]").forEach((button) => { button.hidden = false; });

  // An element with data-live="/address" hears server-sent events from there. Each one asks htmx to fetch the part again.
  const listen = (element) => {
    const source = new EventSource(element.dataset.live);
    let waiting = false;
    const heard = () => {
      if (waiting) return;
      waiting = true;
      setTimeout(() => {
        waiting = false;
        element.dispatchEvent(new CustomEvent("live", { bubbles: true }));
      }, 150);
    };
    (element.dataset.events || "message").split(" ").forEach((name) => source.addEventListener(name, heard));
    source.onmessage = heard;
    addEventListener("pagehide", () => source.close(), { once: true });
  };

  addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    if ("print" in button.dataset) print();
  });

  // A second click on a form that is on its way would only wait.
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    form.querySelectorAll("button:not([type=button])").forEach((button) => button.setAttribute("aria-disabled", "true"));
  });
  // Whoever comes back to a page finds its forms ready again.
  addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
    });
  });

  addEventListener("DOMContentLoaded", () => {
    show(document);
    document.querySelectorAll("[data-live]").forEach(listen);
    document.querySelector("[role=alert]")?.focus();
  });
  addEventListener("htmx:afterSwap", (event) => show(event.target));
})();
