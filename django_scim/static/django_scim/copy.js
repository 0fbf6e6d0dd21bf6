"use strict";
// Show the buttons that copy a text, where the browser allows it: on HTTPS and on localhost.
document.addEventListener("DOMContentLoaded", () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-scim-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.scimCopy);
      button.textContent = button.dataset.done;
    });
  }
});
