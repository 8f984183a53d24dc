/* Repeating groups of fields: add, remove, move. Numbers in names and ids follow the order, as the server reads them. */
(function () {
  "use strict";

  var ATTRIBUTES = ["id", "name", "for", "aria-describedby", "data-module-name"];

  function renumber(box, field, number, what) {
    var pattern = new RegExp("(^|field-)" + field + "-(\\d+|NUMBER)-");
    [box].concat(Array.from(box.querySelectorAll("*"))).forEach(function (part) {
      ATTRIBUTES.forEach(function (name) {
        var value = part.getAttribute(name);
        if (value && pattern.test(value)) { part.setAttribute(name, value.replace(pattern, "$1" + field + "-" + number + "-")); }
      });
    });
    box.setAttribute("aria-label", what + " " + (number + 1));
    box.querySelector(".mxopendata-box-number").textContent = number + 1;
  }

  ckan.module("mxopendata-boxes", function () {
    return {
      initialize: function () {
        var root = this.el[0];
        var words = this.options;
        var list = root.querySelector(".mxopendata-boxes-list");
        var template = root.querySelector("template");
        var add = root.querySelector(".mxopendata-boxes-add");
        var status = root.querySelector(":scope > [role=status]");

        function arrange() {
          Array.from(list.children).forEach(function (box, number, all) {
            renumber(box, box.dataset.field, number, words.what);
            box.querySelector(".mxopendata-box-buttons").hidden = false;
            box.querySelector("[data-do=up]").disabled = number === 0;
            box.querySelector("[data-do=down]").disabled = number === all.length - 1;
          });
          root.dispatchEvent(new Event("change", { bubbles: true }));
        }
        function append() {
          var box = template.content.firstElementChild.cloneNode(true);
          list.append(box);
          renumber(box, box.dataset.field, list.children.length - 1, words.what);
          box.querySelectorAll("[data-module]").forEach(function (part) { ckan.module.initializeElement(part); });
          arrange();
          return box;
        }
        function focus(box) {
          box.querySelector("input:not([type=hidden]), textarea, select").focus();
        }

        add.hidden = false;
        add.addEventListener("click", function () {
          focus(append());
          status.textContent = words.addedText.replace("{what}", words.what).replace("{number}", list.children.length);
        });
        list.addEventListener("click", function (event) {
          var button = event.target.closest("[data-do]");
          if (!button) { return; }
          var box = button.closest(".mxopendata-box");
          var action = button.dataset.do;
          if (action === "remove") {
            var next = box.nextElementSibling || box.previousElementSibling;
            box.remove();
            if (!list.children.length) { next = append(); }
            arrange();
            focus(next);
            status.textContent = words.removedText.replace("{what}", words.what);
            return;
          }
          if (action === "up" && box.previousElementSibling) { box.previousElementSibling.before(box); }
          if (action === "down" && box.nextElementSibling) { box.nextElementSibling.after(box); }
          arrange();
          (button.disabled ? box.querySelector("[data-do]:not(:disabled)") : button).focus();
          status.textContent = words.movedText.replace("{what}", words.what)
            .replace("{number}", Array.from(list.children).indexOf(box) + 1);
        });
        root.addEventListener("mxopendata:set", function (event) {
          while (list.children.length < event.detail.length) { append(); }
          while (list.children.length > Math.max(event.detail.length, 1)) { list.lastElementChild.remove(); }
          Array.from(list.children).forEach(function (box, number) {
            var values = event.detail[number] || {};
            box.querySelectorAll("[name]").forEach(function (control) {
              control.value = values[control.name.split("-").slice(2).join("-")] || "";
              control.dispatchEvent(new CustomEvent("mxopendata:set"));
            });
          });
          arrange();
        });
        arrange();
      }
    };
  });
}());
