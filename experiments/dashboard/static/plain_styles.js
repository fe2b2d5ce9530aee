"use strict";
// plotly.js writes style attributes and a style sheet for maps. The page's policy allows neither;
// through the object model the attributes say the same, and there are no maps.
for (const name of ["setAttribute", "setAttributeNS"]) {
  const original = Element.prototype[name];
  Element.prototype[name] = function (...given) {
    if (given[given.length - 2] === "style") {
      this.style.cssText = given[given.length - 1];
      return undefined;
    }
    return original.apply(this, given);
  };
}
Object.defineProperty(HTMLStyleElement.prototype, "textContent", { set() {}, configurable: true });

