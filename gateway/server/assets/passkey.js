// Hands a challenge to an authenticator, and sends what it answers with the form around it. WebAuthn is for scripts alone.
addEventListener("DOMContentLoaded", () => {
  "use strict";
  const form = document.querySelector("form[data-passkey]");
  if (!form) return;
  const button = form.querySelector("button");
  const say = (when) => form.querySelectorAll("[data-when]").forEach((text) => { text.hidden = text.dataset.when !== when; });

  const ask = async () => {
    const options = JSON.parse(form.dataset.options);
    return form.dataset.passkey === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  };

  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    say("unknown");
    return;
  }
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    say();
    try {
      const answer = await ask();
      // Some password managers answer with what only looks like a credential.
      form.elements.answer.value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch {
      button.removeAttribute("aria-disabled");
      say("refused");
    }
  });
});
