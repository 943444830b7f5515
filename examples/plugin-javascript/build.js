// Makes component.wasm of gst-sg.js. What a plugin has no use for is left out: it would be an import that no plugin may have.
import { readFile, writeFile } from 'node:fs/promises';
import { componentize } from '@bytecodealliance/componentize-js';

const { component } = await componentize(await readFile('gst-sg.js', 'utf8'), {
  witPath: process.env.PURSER_WIT ?? '../../sdk/wit',
  worldName: 'tax-plugin',
  disableFeatures: ['stdio', 'random', 'clocks', 'http', 'fetch-event'],
});
await writeFile('component.wasm', component);
