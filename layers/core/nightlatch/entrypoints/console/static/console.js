// What pages can do better with a script. Every page works without it.
(() => {
  "use strict";

  const THEME = "nightlatch-theme";
  const TIME = "nightlatch-local-time";
  const FORM = { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", hour12: false };
  const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const root = document.documentElement;
  const all = (selector) => document.querySelectorAll(selector);
  const isLocal = () => localStorage.getItem(TIME) === "on";
  const said = (form) => [...new FormData(form)].join();

  let status;
  let owner;
  let saidBefore;
  let returnTo;

  const theme = localStorage.getItem(THEME);
  if (theme) root.dataset.theme = theme;

  function switchTheme() {
    const isDark = getComputedStyle(root).colorScheme === "dark"
      || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem(THEME, root.dataset.theme);
  }

  function showTimes() {
    for (const time of all("time[datetime]")) {
      time.dataset.zoned ??= time.textContent;
      const form = /:\d\d:\d\d/.test(time.dataset.zoned) ? { ...FORM, second: "2-digit" } : FORM;
      const local = new Date(time.dateTime).toLocaleString("en-GB", form).replace(",", "");
      const text = isLocal() ? local : time.dataset.zoned;
      if (time.textContent !== text) time.textContent = text;
    }
    for (const name of all("[data-zone-name]")) {
      name.dataset.zoned ??= name.textContent;
      const text = isLocal() ? OWN_ZONE : name.dataset.zoned;
      if (name.textContent !== text) name.textContent = text;
    }
    showFields();
  }

  // Times in fields are read in the zone that is shown. What was typed stays as it is.
  function showFields() {
    for (const zone of all("[data-zone]")) zone.value = isLocal() ? OWN_ZONE : "";
    for (const field of all("[data-at]")) {
      const at = new Date(field.dataset.at);
      const local = new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
      field.value = isLocal() ? local : field.defaultValue;
    }
  }

  // The zone in which times are shown is also the one in which a filter's times are read.
  function offerZones() {
    for (const select of all("[data-zones]")) {
      if (![...select.options].some((option) => option.value === OWN_ZONE)) select.add(new Option(OWN_ZONE, OWN_ZONE));
    }
  }

  // What one can do follows the status; it is asked for anew only then, so that nothing typed is lost before.
  function followStatus() {
    const now = document.querySelector("[data-status]")?.dataset.status;
    if (now === status) return;
    const isFirst = status === undefined;
    status = now;
    if (!isFirst) document.body.dispatchEvent(new CustomEvent("status-changed"));
  }

  // The row that the panel shows is marked, also when only the panel was fetched.
  function markRow() {
    const opened = document.querySelector("[data-opened]")?.dataset.opened;
    for (const row of all("[data-rows] tbody tr")) {
      const isOpened = row.id === `row-${opened}`;
      if (row.hasAttribute("aria-selected") !== isOpened) row.toggleAttribute("aria-selected", isOpened);
    }
  }

  // A request's card floats beside its link while the pointer or the focus is on either; Escape takes it away.
  function followCard(event) {
    const card = document.getElementById("card");
    const over = event.target.closest("[data-card], #card");
    if (!card || over === card || over === owner) return;
    dropCard();
    owner = over;
  }

  function dropCard() {
    const card = document.getElementById("card");
    owner = null;
    card.replaceChildren();
    card.togglePopover(false);
  }

  function placeCard() {
    const card = document.getElementById("card");
    if (!owner || !card?.firstElementChild || card.matches(":popover-open")) return;
    card.showPopover({ source: owner });
  }

  function refresh() {
    all("noscript").forEach((one) => one.remove());  // what is swapped in was read as if there were no scripts
    for (const hidden of all("[data-theme-switch][hidden], [data-time-switch][hidden], [data-copy][hidden]")) {
      hidden.hidden = false;
    }
    for (const box of all("[data-time-switch] input")) box.checked = isLocal();
    showTimes();
    offerZones();
    followStatus();
    markRow();
    placeCard();
  }

  // Filters hold when the last of them is closed. Their choices may be fetched when one is opened.
  function onToggle(event) {
    const chooser = event.target.closest?.(".chooser");
    const form = chooser?.closest("form");
    if (!form) return;
    if (event.newState === "open") {
      saidBefore ??= said(form);
      returnTo = chooser.id;
      chooser.querySelector("[data-lookup]")?.dispatchEvent(new Event("opened"));
    } else if (!form.querySelector(".chooser:popover-open") && said(form) !== saidBefore) {
      form.requestSubmit();
    }
  }

  function onSubmit({ target }) {
    if (!target.matches("[data-filters]")) return;
    saidBefore = said(target);
    target.querySelector(".chooser:popover-open")?.hidePopover();
  }

  // The list was swapped: one goes on where one was.
  function onSwap() {
    saidBefore = undefined;
    if (document.activeElement === document.body) document.querySelector(`[popovertarget="${returnTo}"]`)?.focus();
  }

  // What is empty, or of the other way to say a time, stays out of the address.
  function onFormData({ target, formData }) {
    if (!target.matches("[data-filters]")) return;
    const isAbsolute = formData.get("when") === "absolute";
    const others = isAbsolute ? ["amount", "unit", "round"] : ["since", "until", "zone"];
    ["when", ...others].forEach((name) => formData.delete(name));
    if (!formData.get("amount")) ["unit", "round"].forEach((name) => formData.delete(name));
    const given = [...formData].filter(([, value]) => value);
    for (const name of [...formData.keys()]) formData.delete(name);
    for (const [name, value] of given) formData.append(name, value);
  }

  function onInput({ target }) {
    delete target.dataset.at;
    if (!target.matches("[data-find]")) return;
    const wanted = target.value.toLowerCase();
    for (const choice of target.closest(".chooser").querySelectorAll("li")) {
      choice.hidden = !choice.textContent.toLowerCase().includes(wanted);
    }
  }

  function onChange({ target }) {
    // Choices that are still on their way know nothing of what is ticked now.
    target.closest(".choices-list")?.closest(".chooser").querySelector("[data-lookup]")?.dispatchEvent(new Event("htmx:abort"));
    if (!target.closest("[data-time-switch]")) return;
    localStorage.setItem(TIME, target.checked ? "on" : "off");
    showTimes();
  }

  async function onClick({ target }) {
    if (target.closest("[data-theme-switch]")) switchTheme();
    const copy = target.closest("[data-copy]");
    if (!copy) return;
    await navigator.clipboard.writeText(copy.dataset.copy);
    copy.classList.add("done");
    setTimeout(() => copy.classList.remove("done"), 1500);
  }

  function step(by) {
    const links = [...all("[data-rows] a.cover")];
    links[links.indexOf(document.activeElement) + by]?.focus();
  }

  function onKey(event) {
    if (event.key === "Escape" && owner) return dropCard();
    if (event.target.closest("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.querySelector("[data-slash]");
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "Escape") document.querySelector("[data-close]")?.click();
    else if (event.key === "/" && search) {
      event.preventDefault();
      search.focus();
    }
  }

  document.addEventListener("toggle", onToggle, true);
  document.addEventListener("formdata", onFormData, true);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("input", onInput);
  document.addEventListener("change", onChange);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("mouseover", followCard);
  document.addEventListener("focusin", followCard);
  document.addEventListener("htmx:after:swap", onSwap);
  document.addEventListener("DOMContentLoaded", () => {
    refresh();
    new MutationObserver(refresh).observe(document.body, { childList: true, subtree: true });
  });
})();
