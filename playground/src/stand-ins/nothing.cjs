// What AutobahnJS asks for and this page does not use.
module.exports = {};
