// What the vendored types want of a package that the page does not need.
export type TrustedHTML = { toString(): string };
