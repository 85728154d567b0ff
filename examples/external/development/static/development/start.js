// Without JavaScript, the buttons reload the page, and the first one shows Django's error page.
const show = async (address, tries = 30) => {
  const answer = await fetch(address);
  const live = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  if (live) document.getElementById("live").replaceWith(live);
  const waiting = document.querySelector("[data-waiting]");
  if (waiting && tries) setTimeout(show, 500, address, tries - 1);
  else waiting?.replaceChildren("The event has not appeared in the tracker yet. Reload the page to look again.");
};
for (const form of document.forms) form.addEventListener("submit", async (submitted) => {
  submitted.preventDefault();
  const answer = await fetch(form.action, form.method === "post" ? {method: "POST", body: new FormData(form)} : {});
  await show(answer.redirected ? answer.url : `?tried=error&event=${answer.headers.get("X-Event-ID") ?? ""}`);
});
if (document.querySelector("[data-waiting]")) show(location);
