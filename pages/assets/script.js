// The pages work without this file. It shows passwords, and sends no form twice.
"use strict";

for (const input of document.querySelectorAll('.lk input[type="password"]')) {
  const { show, hide } = document.body.dataset;
  const wrap = document.createElement("div");
  const button = document.createElement("button");
  wrap.className = "lk-password";
  button.type = "button";
  button.className = "lk-plain";
  button.textContent = show;
  button.setAttribute("aria-controls", input.id);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? hide : show;
    button.setAttribute("aria-pressed", String(hidden));
  });
  const focused = document.activeElement === input;
  input.before(wrap);
  wrap.append(input, button);
  if (focused) input.focus();
  if (input.form) input.form.addEventListener("submit", () => { input.type = "password"; });
}

for (const form of document.querySelectorAll(".lk form:not([data-passkey])")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "true";
  });
}
// A page that comes back from the browser's history may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll(".lk form")) delete form.dataset.sent;
});
