// What the shop sells: small books, each a text file that is given out once it is paid.

import { readFile } from "node:fs/promises";

const CURRENCY = "EUR";

export const books = [
  {
    id: "feathers",
    title: "The Thing with Feathers",
    author: "Emily Dickinson",
    amount: "3.90",
    about: "Three poems about hope, about being nobody, and about a carriage that stops for everybody. Five minutes that stay.",
  },
  {
    id: "pea-green-boat",
    title: "The Pea-Green Boat",
    author: "Edward Lear",
    amount: "4.50",
    about: "An owl, a pussy-cat, some honey, and plenty of money wrapped up in a five-pound note. For reading aloud.",
  },
  {
    id: "summers-day",
    title: "A Summer’s Day",
    author: "William Shakespeare",
    amount: "6.00",
    about: "Two sonnets on what does not fade: the eighteenth, and the one that is read at every second wedding.",
  },
  {
    id: "night-shelf",
    title: "The Night Shelf",
    author: "All of them",
    amount: "59.00",
    about: "Everything on this page in one volume, for those who read when the house is quiet. Our one expensive book.",
  },
].map((book) => ({ ...book, category: "ebook", currency: CURRENCY }));

export function bookOf(id) {
  return books.find((book) => book.id === id);
}

/** The words of a book. Nobody gets them but who has paid. */
export async function textOf(book) {
  const parts = book.id === "night-shelf" ? books.filter((other) => other !== book) : [book];
  const read = (part) => readFile(new URL(`books/${part.id}.txt`, import.meta.url), "utf8");
  return (await Promise.all(parts.map(read))).join("\n\n");
}

/** A price as people read it. */
export function price({ amount, currency }) {
  return new Intl.NumberFormat("en-IE", { style: "currency", currency }).format(amount);
}
