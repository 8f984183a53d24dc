/* The dictionary of columns as a table; the Table Schema in the text field, which is sent, follows each change. */
(function () {
  "use strict";

  // How the values of one type are written says nothing of those of another.
  var OF_THE_TYPE = ["format", "groupChar", "decimalChar", "bareNumber", "trueValues", "falseValues"];

  function read(text) {
    if (!text.trim()) { return { fields: [] }; }
    try {
      var schema = JSON.parse(text);
      return schema && Array.isArray(schema.fields) && schema.fields.every(function (column) {
        return column && typeof column === "object";
      }) ? schema : null;
    } catch (error) {
      return null;
    }
  }

  ckan.module("mxopendata-dictionary", function () {
    return {
      initialize: function () {
        this.root = this.el[0];
        this.text = document.getElementById(this.options.field);
        this.body = this.root.querySelector("tbody");
        this.row = this.root.querySelector("template");
        this.status = this.root.querySelector("[role=status]");
        this.root.addEventListener("mxopendata:set", function (event) {
          this.show(event.detail);
          this.write();
        }.bind(this));
        this.root.querySelector(".mxopendata-dictionary-add").addEventListener("click", this.add.bind(this));
        this.body.addEventListener("input", this.edit.bind(this));
        this.body.addEventListener("change", this.edit.bind(this));
        this.body.addEventListener("click", this.remove.bind(this));
        var schema = read(this.text.value);
        // What is no Table Schema is mended as text.
        if (schema) { this.show(schema); }
      },

      show: function (schema) {
        this.schema = schema;
        this.body.replaceChildren();
        schema.fields.forEach(this.append, this);
        this.root.querySelector(".mxopendata-dictionary-text").hidden = true;
        this.root.querySelector(".mxopendata-dictionary-table").hidden = false;
      },

      append: function (column) {
        var line = this.row.content.firstElementChild.cloneNode(true);
        line.querySelectorAll("[data-part]").forEach(function (control) {
          var value = column[control.dataset.part];
          value = value === undefined || value === null ? "" : String(value);
          if (control.matches("select") && value && !Array.from(control.options).some(function (option) { return option.value === value; })) {
            control.add(new Option(value, value));
          }
          control.value = value;
        });
        line.column = column;
        this.body.append(line);
        this.name(line);
        return line;
      },

      /* Each control is named with its column, for who does not see the row. */
      name: function (line) {
        var labels = this.options.labels;
        var name = line.column.name || this.body.rows.length;
        line.querySelectorAll("[data-part]").forEach(function (control) {
          control.setAttribute("aria-label", labels[control.dataset.part].replace("{name}", name));
        });
        line.querySelector("button").setAttribute("aria-label", labels.remove.replace("{name}", name));
      },

      edit: function (event) {
        var control = event.target.closest("[data-part]");
        if (!control) { return; }
        var line = control.closest("tr");
        var part = control.dataset.part;
        if (part === "type" && line.column.type !== control.value) {
          OF_THE_TYPE.forEach(function (name) { delete line.column[name]; });
        }
        if (control.value) { line.column[part] = control.value; } else { delete line.column[part]; }
        this.name(line);
        this.write();
      },

      add: function () {
        var column = {};
        this.schema.fields.push(column);
        this.append(column).querySelector("input").focus();
        this.status.textContent = this.options.addedText;
      },

      remove: function (event) {
        var button = event.target.closest("button");
        if (!button) { return; }
        var line = button.closest("tr");
        var next = line.nextElementSibling || line.previousElementSibling;
        this.schema.fields.splice(this.schema.fields.indexOf(line.column), 1);
        line.remove();
        this.status.textContent = this.options.removedText.replace("{name}", line.column.name || "");
        (next ? next.querySelector("button") : this.root.querySelector(".mxopendata-dictionary-add")).focus();
        this.write();
      },

      /* A line of which nothing is written is no column; one without a name is refused by the server. */
      write: function () {
        var columns = this.schema.fields.filter(function (column) { return Object.keys(column).length; });
        this.text.value = columns.length ? JSON.stringify(Object.assign({}, this.schema, { fields: columns })) : "";
      }
    };
  });
}());
