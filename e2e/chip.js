// The chip of a smart card, NTAG 424 DNA: at each tap it opens a link that was never there before. As in NXP's AN12196.

import { createCipheriv, randomBytes } from "node:crypto";

/** Bytes of a block and of a key. */
const BLOCK = 16;
const ZEROS = Buffer.alloc(BLOCK);

/** Number and counter are in what is encrypted, and the number has seven bytes. */
const LAYOUT = Buffer.from([0xc7]);
const SESSION_PREFIX = Buffer.from("3cc300010080", "hex");

function aes(key, block) {
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

const xor = (one, other) => Buffer.from(one.map((byte, index) => byte ^ other[index]));

/** Twice a block, in the field that CMAC computes in. */
function doubled(block) {
  const twice = (BigInt(`0x${block.toString("hex")}`) << 1n) ^ (block[0] & 0x80 ? 0x87n : 0n);
  return Buffer.from(BigInt.asUintN(128, twice).toString(16).padStart(2 * BLOCK, "0"), "hex");
}

/** AES-CMAC, NIST SP 800-38B, of a message of one block or of none: a chip's are no longer. */
function cmac(key, message) {
  const whole = doubled(aes(key, ZEROS));
  const isWhole = message.length === BLOCK;
  const padded = isWhole ? message : Buffer.concat([message, Buffer.from([0x80]), ZEROS]).subarray(0, BLOCK);
  return aes(key, xor(padded, isWhole ? whole : doubled(whole)));
}

export class Chip {
  #uid = Buffer.concat([Buffer.from([0x04]), randomBytes(6)]);
  #taps = 0;

  /** The keys that are written into all chips of the series, and into this one. */
  constructor(keys = { meta_read: "5b".repeat(BLOCK), file_read: randomBytes(BLOCK).toString("hex") }) {
    this.keys = keys;
  }

  get uid() {
    return this.#uid.toString("hex");
  }

  /** What is in the link of the next tap. */
  tap() {
    this.#taps += 1;
    const count = Buffer.from([this.#taps & 0xff, (this.#taps >> 8) & 0xff, this.#taps >> 16]);
    const mirrored = Buffer.concat([this.#uid, count]);
    const [meta, file] = [this.keys.meta_read, this.keys.file_read].map((key) => Buffer.from(key, "hex"));
    const shown = aes(meta, Buffer.concat([LAYOUT, mirrored, randomBytes(5)]));
    const session = cmac(file, Buffer.concat([SESSION_PREFIX, mirrored]));
    // Every second byte of it.
    const mac = cmac(session, Buffer.alloc(0)).filter((_, index) => index % 2 === 1);
    return new URLSearchParams({ picc_data: shown.toString("hex"), cmac: mac.toString("hex") });
  }
}
