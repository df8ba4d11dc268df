/** Stands in for modules of Node that the page's libraries name but do not use there. */
export const inspect = {};
