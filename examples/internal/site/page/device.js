// Lets a device log in by its code. Nothing is decided before the person has
// seen what asks.
const form = document.getElementById("device");
const code = new URLSearchParams(location.search).get("user_code");
if (form && code) form.elements.user_code.value = code; // pre-filled, no more

const send = (route) => fetch(`/auth/cookie/device/${route}`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ user_code: form.elements.user_code.value }),
});

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const says = document.getElementById("device-says");
  const claimed = await send("claim");
  if (!claimed.ok) {
    says.textContent = claimed.status === 403 ? "Sign in once more, then try again." : "That code is not right.";
    return;
  }
  const device = await claimed.json();
  const yes = confirm(`Somebody is to be signed in to your account on another device, which calls itself "${device.label}", ` +
    `from ${device.ip}. Did you start this yourself just now? If not, or if somebody sent you the code, cancel.`);
  const decided = await send(yes ? "approve" : "deny");
  says.textContent = !decided.ok ? "That did not work." : yes ? "Go back to your device." : "The device is refused.";
});
