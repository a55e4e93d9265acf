// A button names the request that it makes. The page then shows how things are, and what went wrong.
for (const button of document.querySelectorAll("button[data-path]")) {
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.path, { method: button.dataset.method });
    const error = answer.ok ? "" : (await answer.json()).detail;
    location.assign(error ? "/?error=" + encodeURIComponent(error) : "/");
  });
}
