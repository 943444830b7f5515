// The ways in which people look at the same pages. Together they have every pair of width, scheme and script.

const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1280, height: 900 };

export const WAYS = [
  { name: "phone-light", viewport: PHONE, scheme: "light", script: true, language: "en" },
  { name: "desktop-dark", viewport: DESKTOP, scheme: "dark", script: true, language: "de" },
  { name: "phone-dark-no-script", viewport: PHONE, scheme: "dark", script: false, language: "ja" },
  { name: "desktop-light-no-script", viewport: DESKTOP, scheme: "light", script: false, language: "en" },
  { name: "phone-light-right-to-left", viewport: PHONE, scheme: "light", script: true, language: "ar" },
];

/** For journeys whose pages are simple: two that have nothing in common, in the longest words and from right to left. */
export const TWO_WAYS = [
  { ...WAYS[0], name: "phone-light-german", language: "de" },
  { ...WAYS[1], name: "desktop-dark-right-to-left-no-script", script: false, language: "ar" },
];
