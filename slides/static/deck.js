// Dark or light: key T and a button. At first the system decides, then the viewer's last choice.
(() => {
  const root = document.documentElement;
  const KEY = "deck-theme";
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const store = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* not allowed to: it lasts as long as the page */ } };
  const say = root.lang === "ru" ? "Тёмная или светлая тема" : "Dark or light";

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function toggle() {
    root.dataset.theme = isDark() ? "light" : "dark";
    store(root.dataset.theme);
  }

  if (["dark", "light"].includes(stored())) root.dataset.theme = stored();

  Reveal.on("ready", () => {
    Reveal.addKeyBinding({ keyCode: 84, key: "T", description: say }, toggle);
    if (Reveal.isSpeakerNotes()) return;
    const button = document.createElement("button");
    button.className = "theme-switch";
    button.title = `${say} (T)`;
    button.setAttribute("aria-label", say);
    button.addEventListener("click", () => { toggle(); button.blur(); });
    document.querySelector(".reveal").append(button);
  });
})();
