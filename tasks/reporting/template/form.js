"use strict";
const form = document.getElementById("row"), answer = document.getElementById("answer");
const read = {
  category: (text) => text,
  boolean: (text) => (text === "true" ? true : text === "false" ? false : text),
  number: (text) => (isFinite(Number(text)) ? Number(text) : text),
};
read.integer = read.number;
read.timestamp = read.category;
const row = () => {
  const values = {};
  for (const field of form.elements)
    if (field.name) values[field.name] = field.value === "" ? null : read[field.dataset.type](field.value);
  return values;
};
const body = () => JSON.stringify({ dataframe_records: [row()] });
const show = () => (document.getElementById("body").textContent = body());
const write = (value, classes) => {
  if (classes) {
    const place = value.indexOf(Math.max(...value));
    return `${classes[place]}, ${(100 * value[place]).toPrecision(3)} % likely`;
  }
  return form.dataset.output === "probability"
    ? `${(100 * value[1]).toPrecision(3)} % likely`
    : Number(value.toPrecision(6)).toLocaleString("en");
};
form.addEventListener("input", show);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  try {
    const headers = { "Content-Type": "application/json" };
    const sent = await fetch(form.dataset.way, { method: "POST", headers, body: body() });
    const told = await sent.json();
    if (sent.ok) {
      answer.textContent = `${write(told.predictions[0], told.model.classes)}, says v${told.model.version}.`;
      return;
    }
    const wrong = told.errors ? told.errors[0].fields : {};
    for (const name of Object.keys(wrong)) form.elements[name]?.setAttribute("aria-invalid", "true");
    const each = Object.entries(wrong).map(([name, text]) => `${name} ${text}`);
    answer.textContent = [told.error, ...each.map((text) => `${text}.`)].join(" ");
  } catch (problem) {
    answer.textContent = "The service did not answer.";
  }
});
show();
