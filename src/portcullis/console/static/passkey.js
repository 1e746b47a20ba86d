// Asks the browser for a passkey's signature over the challenge a form carries, and sends the form. Nothing else on a page needs it.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function assertion(challenge, allow) {
    const found = await navigator.credentials.get({
      publicKey: { challenge, rpId: location.hostname, userVerification: "required", timeout: 120000, ...(allow ? { allowCredentials: allow } : {}) },
    });
    const answer = found.response;
    return JSON.stringify({
      id: text(found.rawId),
      authenticatorData: text(answer.authenticatorData),
      clientDataJSON: text(answer.clientDataJSON),
      signature: text(answer.signature),
    });
  }

  async function make(form) {
    const person = form.dataset.person;
    const made = await navigator.credentials.create({
      publicKey: {
        challenge: crypto.getRandomValues(new Uint8Array(32)),
        rp: { id: location.hostname, name: "Portcullis" },
        user: { id: new TextEncoder().encode(person), name: person, displayName: person },
        pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -8 }],
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        attestation: "none",
      },
    });
    const answer = made.response;
    form.elements.passkey.value = JSON.stringify({
      id: text(made.rawId),
      publicKey: text(answer.getPublicKey()),
      algorithm: answer.getPublicKeyAlgorithm(),
    });
    const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(form.dataset.challenge)));
    form.elements.assertion.value = await assertion(challenge, [{ type: "public-key", id: made.rawId }]);
  }

  async function sign(event) {
    const button = event.currentTarget;
    const form = button.form;
    event.preventDefault();
    const problem = form.querySelector(".sign__problem");
    problem.hidden = true;
    button.disabled = true;
    try {
      if ("enrol" in form.dataset) await make(form);
      else form.elements.assertion.value = await assertion(bytes(form.dataset.challenge));
      form.submit();
    } catch (error) {
      problem.textContent = "The passkey did not sign. Nothing was sent. Try again, or use another way.";
      problem.hidden = false;
      button.disabled = false;
    }
  }

  if (window.PublicKeyCredential && navigator.credentials) {
    for (const button of document.querySelectorAll("[data-passkey]")) {
      button.hidden = false;
      button.addEventListener("click", sign);
    }
  }
})();
