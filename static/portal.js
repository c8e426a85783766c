// What the pages gain when there is JavaScript; everything works without it. htmx stands before this in the same file.
// One listener per kind of event, on the document, so that whatever htmx brings later is covered too.
(() => {
  const on = (event, act) => document.addEventListener(event, act);
  const isElement = (thing) => thing instanceof Element;
  const FIELDS = "input:not([type=hidden]), select, textarea";

  document.documentElement.classList.add("scripted");

  // A form is sent once. A plain one is free again when the page comes back from the browser's memory, or after a while (an
  // export leaves the page standing); htmx would queue a second request, so it is dropped while the first is under way.
  const busy = (form, now) => (now ? form.setAttribute("aria-busy", "true") : form.removeAttribute("aria-busy"));
  const isBusy = (form) => form.hasAttribute("aria-busy");
  on("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (isBusy(form)) return event.preventDefault();
    busy(form, true);
    setTimeout(busy, 8000, form, false);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach((form) => busy(form, false)));
  on("htmx:config:request", (event) => {
    const { sourceElement, request } = event.detail.ctx;
    if (request.method === "GET") return;
    if (isBusy(sourceElement)) event.preventDefault();
    else busy(sourceElement, true);
  });
  on("htmx:finally:request", (event) => {
    const { sourceElement, request, response, target } = event.detail.ctx;
    busy(sourceElement, false);
    if (request.method === "GET" || !(response?.status < 400)) return;
    const toast = sourceElement.closest(".toast");
    if (toast) leaveToast(toast, isElement(target) && document.getElementById(target.id));
    leaveEditing(sourceElement.closest(".drawer"));
  });

  // A row or section that turns into a form takes the focus (at the field of the cell that was clicked: data-field), and gives
  // it back to its edit button.
  let wanted = null;
  const editRow = (cell) => {
    wanted = cell.dataset.field ?? null;
    cell.closest("tr").querySelector("[data-edit]").click();
  };
  const firstField = (editing) =>
    (wanted && editing.querySelector(`[name$="${CSS.escape(wanted)}"]`)) ||
    editing.querySelector("[data-focus]") || editing.querySelector(FIELDS) || editing.querySelector("button");
  const leaveEditing = (editing) => editing?.querySelector("[data-cancel]")?.click();
  // Where the focus rests when what held it is gone: at what may be done next, or at the heading.
  const restAt = (place) => {
    const there = place.querySelector("[data-edit]") ?? place.querySelector("h1, h2, h3") ?? place;
    if (!there.matches("a, button")) there.tabIndex = -1;
    there.focus();
  };
  const leaveToast = (toast, place) => {
    const held = toast.contains(document.activeElement);
    toast.remove();
    if (held && place) restAt(place);
    else if (held) document.getElementById("main").focus({ preventScroll: true });
  };
  let held = false;
  on("htmx:before:swap", (event) => {
    const { target } = event.detail.ctx;
    held = isElement(target) && target.contains(document.activeElement);
  });
  const focusAfterSwap = (before) => {
    const after = before.id ? document.getElementById(before.id) : null;
    if (!after) return;
    const wrong = after.querySelector("[aria-invalid=true], .wrong input");
    if (after.matches(".editing")) {
      if (wrong || !after.contains(document.activeElement)) (wrong || firstField(after))?.focus();
      wanted = null;
    } else if (before.matches(".editing")) after.querySelector("[data-edit]")?.focus();
    else if (held && document.activeElement === document.body) restAt(after.hidden ? after.previousElementSibling : after);
  };
  on("htmx:after:swap", (event) => {
    const { target } = event.detail.ctx;
    if (isElement(target)) focusAfterSwap(target);
    listen();
  });

  // Type-ahead (ARIA combobox with a listbox): the focus stays in the field, arrows move through the list.
  const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
  const optionsOf = (field) => [...(listOf(field)?.querySelectorAll("[role=option]") ?? [])];
  const fold = (field) => {
    const list = listOf(field);
    if (list) list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const mark = (field, chosen) => {
    optionsOf(field).forEach((option) => option.setAttribute("aria-selected", String(option === chosen)));
    field.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  };
  const pick = (field, option) => {
    field.value = option.dataset.value;
    fold(field);
    field.focus();
    if (field.dataset.pick === "submit") field.form.requestSubmit(field.form.querySelector("[data-add]"));
  };
  const move = (field, step) => {
    const options = optionsOf(field);
    if (!options.length) return;
    listOf(field).hidden = false;
    field.setAttribute("aria-expanded", "true");
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    mark(field, options[at < 0 && step < 0 ? options.length - 1 : (at + step + options.length) % options.length]);
  };
  const comboboxKey = (field, event) => {
    const marked = optionsOf(field).find((option) => option.getAttribute("aria-selected") === "true");
    const open = field.getAttribute("aria-expanded") === "true";
    if (event.key === "ArrowDown" || event.key === "ArrowUp") move(field, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && open && marked) pick(field, marked);
    else if (event.key === "Escape" && open) fold(field);
    else return false;
    event.preventDefault();
    return true;
  };
  const listen = () => document.querySelectorAll("[role=combobox]").forEach((field) => {
    const open = document.activeElement === field && optionsOf(field).length > 0 && field.value !== "";
    if (!open) return fold(field);
    listOf(field).hidden = false;
    field.setAttribute("aria-expanded", "true");
  });
  on("focusout", (event) => {
    if (isElement(event.target) && event.target.matches("[role=combobox]")) fold(event.target);
  });
  on("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    const field = option && document.querySelector(`[aria-controls="${option.parentElement.id}"]`);
    if (!field) return;
    event.preventDefault();
    pick(field, option);
  });

  // Keys
  on("keydown", (event) => {
    const at = event.target;
    if (!isElement(at) || event.isComposing) return;
    if (at.matches("[role=combobox]") && comboboxKey(at, event)) return;
    if (event.key !== "Escape" || at.closest("dialog")) return;
    const menu = at.closest("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else leaveEditing(at.closest(".editing, .drawer"));
  });

  // Clicks
  const copy = async (button) => {
    const source = document.querySelector(button.dataset.copy);
    const text = source.value ?? source.textContent.trim();
    source.select?.();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      document.execCommand("copy");
    }
    button.textContent = button.dataset.copied;
    button.setAttribute("role", "status");
  };
  on("click", (event) => {
    const near = (selector) => event.target.closest?.(selector);
    document.querySelectorAll("details.menu[open]").forEach((menu) => menu.contains(event.target) || (menu.open = false));
    const asks = near("[data-dialog]");
    const dialog = asks && document.getElementById(asks.dataset.dialog);
    if (dialog && !(event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dialog.showModal();
    }
    if (near("[data-close]")) near("dialog")?.close();
    if (near("[data-dismiss]")) leaveToast(near(".toast"));
    if (near("[data-copy]")) copy(near("[data-copy]"));
    const cell = near("tr:has([data-edit]) > td");
    if (cell && !near("a, button, input, select, textarea, label, summary") && getSelection().isCollapsed) editRow(cell);
  });
  on("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  // Messages: those that need nothing leave by themselves, unless the reader is at them; one with an undo stays.
  const tend = (toast) => {
    if (toast.dataset.tended || toast.matches(".bad") || toast.querySelector("form")) return;
    toast.dataset.tended = "yes";
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 3000) : toast.remove());
    setTimeout(leave, 8000);
  };
  const toasts = document.getElementById("toasts");
  new MutationObserver(() => {
    [...toasts.children].forEach(tend);
    while (toasts.children.length > 3) toasts.firstElementChild.remove();
  }).observe(toasts, { childList: true });
  // A live region is read out when it changes: messages that came with the page are put in once more.
  setTimeout(() => toasts.replaceChildren(...toasts.children), 100);

  // No answer at all: say so, and leave everything as it is. Any answer, even a refusal, clears what was said.
  const problem = document.getElementById("problem");
  on("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (ctx && !ctx.response) problem.replaceChildren(document.getElementById("no-connection").content.cloneNode(true));
  });
  on("htmx:before:swap", () => problem.replaceChildren());

  // The reader's time zone, where none is chosen yet.
  document.querySelectorAll("[data-guess-time-zone]").forEach((field) => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (field.value || !zone) return;
    if (!field.options || [...field.options].some((option) => option.value === zone)) field.value = zone;
  });

  // A page that came back with errors, or with somebody else's change, starts there.
  document.querySelector(".error-summary, [data-focus]")?.focus();
})();
