// What pages can do better with a script. Every page works without it.
(() => {
  "use strict";

  const THEME = "nightlatch-theme";
  const TIME = "nightlatch-local-time";
  const FORM = { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hour12: false };

  let status;
  const root = document.documentElement;
  const theme = localStorage.getItem(THEME);
  if (theme) root.dataset.theme = theme;

  function switchTheme() {
    const isDark = getComputedStyle(root).colorScheme === "dark"
      || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem(THEME, root.dataset.theme);
  }

  function showTimes() {
    const isLocal = localStorage.getItem(TIME) === "on";
    for (const time of document.querySelectorAll("time[datetime]")) {
      time.dataset.zoned ??= time.textContent;
      const local = new Date(time.dateTime).toLocaleString("en-GB", FORM).replace(",", "");
      const text = isLocal ? local : time.dataset.zoned;
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // What one can do follows the status; it is asked for anew only then, so that nothing typed is lost before.
  function followStatus() {
    const now = document.querySelector("[data-status]")?.dataset.status;
    if (now === status) return;
    status = now;
    document.body.dispatchEvent(new CustomEvent("status-changed"));
  }

  function wireTimeSwitch(label) {
    const box = label.querySelector("input");
    box.checked = localStorage.getItem(TIME) === "on";
    box.addEventListener("change", () => {
      localStorage.setItem(TIME, box.checked ? "on" : "off");
      showTimes();
    });
    label.hidden = false;
  }

  function wireCopy(button) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("done");
      setTimeout(() => button.classList.remove("done"), 1500);
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", switchTheme);
    }
    document.querySelectorAll("[data-time-switch]").forEach(wireTimeSwitch);
    document.querySelectorAll("[data-copy]").forEach(wireCopy);
    showTimes();
    status = document.querySelector("[data-status]")?.dataset.status;
    new MutationObserver(() => {
      showTimes();
      followStatus();
    }).observe(document.body, { childList: true, subtree: true });
  });
})();
