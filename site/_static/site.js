// From disk a page may not read another one, and Sphinx would report an error for the summary of each result.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS !== "undefined") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// Sphinx's own Russian is short of these.
if (document.documentElement.lang === "ru" && typeof Documentation !== "undefined") {
  const found = "Найдено страниц: ${resultCount}.";
  Object.assign(Documentation.TRANSLATIONS, {
    "Search finished, found one page matching the search query.": [found, found, found, found],
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "Ничего не нашлось. Проверьте, нет ли опечатки, или возьмите другое слово.",
  });
}
