/** What AutobahnJS asks for and this page does not use: there is none of it. */
export const nothing = true;
