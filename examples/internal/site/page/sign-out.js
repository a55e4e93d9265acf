document.getElementById("sign-out")?.addEventListener("click", async () => {
  await fetch("/auth/cookie/logout", { method: "POST" });
  location.assign("/");
});
