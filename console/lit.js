// @ts-check
// The vendored binding library; nothing else imports it.

export { html, nothing, render, svg } from "./vendor/lit-html/lit-html.js";
export { repeat } from "./vendor/lit-html/directives/repeat.js";
