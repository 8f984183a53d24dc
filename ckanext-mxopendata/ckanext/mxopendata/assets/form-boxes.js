/* Repeating groups of fields: add, remove, move. Numbers in names and ids follow the order, as the server reads them. */
(function () {
  "use strict";

  var ATTRIBUTES = ["id", "for", "name", "aria-describedby", "data-module-name"];

  /* ckanext-scheming sorts the boxes by their numbers as text, hence 00, 01 … where there are more than ten. */
  function renumber(box, number, digits, what) {
    var field = box.dataset.field;
    var pattern = new RegExp("(^|field-)" + field + "-(\\d+|NUMBER)-");
    box.querySelectorAll("*").forEach(function (part) {
      ATTRIBUTES.forEach(function (name) {
        var value = part.getAttribute(name);
        var shown = name === "name" ? String(number).padStart(digits, "0") : number;
        if (value) { part.setAttribute(name, value.replace(pattern, "$1" + field + "-" + shown + "-")); }
      });
    });
    box.setAttribute("aria-label", what + " " + (number + 1));
    box.querySelector(".mxopendata-box-number").textContent = number + 1;
    box.querySelectorAll("[data-do]").forEach(function (button) {
      button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/\s*\d*$/, " " + (number + 1)));
    });
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

        function say(text, number) {
          status.textContent = text.replace("{what}", words.what).replace("{number}", number);
        }
        function arrange() {
          var boxes = Array.from(list.children);
          boxes.forEach(function (box, number) {
            renumber(box, number, String(boxes.length - 1).length, words.what);
            box.querySelector(".mxopendata-box-buttons").hidden = false;
            box.querySelector("[data-do=up]").disabled = number === 0;
            box.querySelector("[data-do=down]").disabled = number === boxes.length - 1;
          });
        }
        function append() {
          var box = template.content.firstElementChild.cloneNode(true);
          list.append(box);
          arrange();
          box.querySelectorAll("[data-module]").forEach(function (part) { ckan.module.initializeElement(part); });
          return box;
        }
        function changed() {
          arrange();
          root.dispatchEvent(new Event("change", { bubbles: true }));
        }
        function focus(box) {
          box.querySelector("input:not([type=hidden]), textarea, select").focus();
        }
        function remove(box) {
          var next = box.nextElementSibling || box.previousElementSibling;
          box.remove();
          focus(next || append());
          changed();
          say(words.removedText);
        }
        function move(box, button) {
          if (button.dataset.do === "up") { box.previousElementSibling.before(box); } else { box.nextElementSibling.after(box); }
          changed();
          (button.disabled ? box.querySelector("[data-do]:not(:disabled)") : button).focus();
          say(words.movedText, Array.from(list.children).indexOf(box) + 1);
        }

        add.hidden = false;
        add.addEventListener("click", function () {
          focus(append());
          changed();
          say(words.addedText, list.children.length);
        });
        list.addEventListener("click", function (event) {
          var button = event.target.closest("[data-do]");
          if (!button) { return; }
          var box = button.closest(".mxopendata-box");
          if (button.dataset.do === "remove") { remove(box); } else { move(box, button); }
        });
        root.addEventListener("mxopendata:set", function (event) {
          var values = event.detail.length ? event.detail : [{}];
          while (list.children.length < values.length) { append(); }
          while (list.children.length > values.length) { list.lastElementChild.remove(); }
          arrange();
          values.forEach(function (value, number) {
            list.children[number].querySelectorAll("[name]").forEach(function (control) {
              control.value = value[control.name.split("-").slice(2).join("-")] || "";
              control.dispatchEvent(new CustomEvent("mxopendata:set"));
            });
          });
        });
        arrange();
      }
    };
  });
}());
