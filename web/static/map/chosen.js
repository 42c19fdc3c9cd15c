// What the lasso chose: told in words, and sent as a filter of its ids, or as the ids of an export.

import { written } from "./lasso.js";

export class Chosen {
  /**
   * @param {HTMLFormElement} form
   * @param {Float64Array} ids
   */
  constructor(form, ids) {
    this.form = form;
    this.ids = ids;
    /** @type {Set<number>} */
    this.points = new Set();
    form.querySelector("[data-export]").addEventListener("click", () => this.#addIds());
    form.addEventListener("submit", () => this.#addQuestion());
  }

  /** @param {number} point */
  has(point) {
    return this.points.has(point);
  }

  /**
   * @param {number[]} points
   * @param {string[]} regions the names of those around them
   */
  show(points, regions) {
    const { form } = this;
    this.points = new Set(points);
    const filter = points.length ? written(points.map((at) => this.ids[at])) : "";
    const many = filter.length > Number(form.dataset.most);
    form.hidden = !points.length;
    form.elements.where.value = many ? "" : filter;
    form.querySelector("button.main").disabled = many;
    const { one, more, near } = form.dataset;
    const count = points.length === 1 ? one : more.replace("{count}", points.length.toLocaleString());
    const words = many ? form.dataset.many : regions.length ? near : "{count}";
    const named = regions.map((name) => `“${name}”`).join(", ");
    form.querySelector("[data-count]").textContent = words
      .replace("{count}", () => count)
      .replace("{regions}", () => named);
  }

  // What is typed in the bar goes on being asked within them.
  #addQuestion() {
    const { q } = this.form.elements;
    q.value = document.getElementById("q").value.trim();
    q.disabled = !q.value || this.form.elements.where.disabled;
  }

  // Only for an export: a search names them in its filter.
  #addIds() {
    const { form } = this;
    for (const name of ["collection", "where"]) form.elements[name].disabled = true;
    for (const point of this.points) {
      const value = String(this.ids[point]);
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "id", value }));
    }
    setTimeout(() => {
      for (const field of form.querySelectorAll("[name=id]")) field.remove();
      for (const name of ["collection", "where"]) form.elements[name].disabled = false;
    });
  }
}
