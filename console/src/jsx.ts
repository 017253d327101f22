// What esbuild makes of JSX. The function is called with children as arguments, which is shorter than the object of properties
// that the automatic runtime wants.

export { Fragment as jsxFragment, h as jsxFactory } from "preact";
