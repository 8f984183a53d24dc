/* The dataset's form while it is filled in: points and what to fill in next, groups that say how far they are, questions
   asked only where they apply, the institution's defaults. */
(function () {
  "use strict";

  var PAUSE = 600;
  var NEXT = 4;

  /* Opens what hides a field, then goes there. */
  function visit(hash) {
    var target = document.getElementById(hash.slice(1));
    if (!target) { return false; }
    var group = target.closest("details");
    if (group) { group.open = true; }
    var control = target.matches("fieldset") ? target.querySelector("input:not([type=hidden]), textarea, select") : target;
    if (control.tabIndex < 0 && target.nextElementSibling) {
      control = target.parentElement.querySelector(".select2-selection, .select2-focusser") || control;
    }
    target.scrollIntoView({ block: "center" });
    control.focus({ preventScroll: true });
    return true;
  }

  function follow(event) {
    var link = event.target.closest("a[href^='#field-']");
    if (link && visit(link.getAttribute("href"))) { event.preventDefault(); }
  }

  ckan.module("mxopendata-errors", function () {
    return {
      initialize: function () {
        this.el[0].addEventListener("click", follow);
        this.el[0].focus();
      }
    };
  });

  ckan.module("mxopendata-condition", function () {
    return {
      initialize: function () {
        var part = this.el[0];
        var values = String(this.options.values).split(" ");
        var asked = part.closest("form").elements[this.options.field];
        if (!asked) { return; }
        function update() {
          // What was written, or is wrong, is never hidden.
          var written = part.querySelector("textarea, input, select");
          part.hidden = (values.indexOf(asked.value) >= 0 || !asked.value) && !written.value && !part.querySelector(".error-block");
        }
        asked.addEventListener("change", update);
        update();
      }
    };
  });

  ckan.module("mxopendata-guide", function () {
    return {
      initialize: function () {
        this.root = this.el[0];
        this.form = this.root.closest("form");
        this.touched = new Set();
        this.root.addEventListener("click", follow);
        var later = this.later.bind(this);
        var self = this;
        ["input", "change"].forEach(function (name) {
          self.form.addEventListener(name, function (event) {
            if (event.isTrusted && event.target.name) { self.touched.add(event.target.name.split("-")[0]); }
            var picker = event.target.closest && event.target.closest("[data-module-name]");
            if (picker && event.isTrusted) { self.touched.add(picker.dataset.moduleName.split("-")[0]); }
            later();
          });
        });
        if (!this.form.elements.pkg_name.value && this.form.elements.owner_org) {
          // CKAN's own list of institutions tells of a change through jQuery only.
          this.$(this.form.elements.owner_org).on("change", this.institution.bind(this));
        }
        this.later();
      },

      later: function () {
        clearTimeout(this.timer);
        this.timer = setTimeout(this.review.bind(this), PAUSE);
      },

      note: function (text) {
        this.root.querySelector(".mxopendata-guide-note").textContent = text;
      },

      review: function () {
        var self = this;
        if (this.asking) { this.asking.abort(); }
        this.asking = new AbortController();
        fetch(this.options.url, { method: "POST", body: new FormData(this.form), signal: this.asking.signal })
          .then(function (answer) {
            if (!answer.ok) { throw new Error(answer.status); }
            return answer.json();
          })
          .then(function (guide) { self.show(guide); })
          .catch(function (error) {
            if (error.name !== "AbortError") { self.note(self.options.offlineText); }
          });
      },

      show: function (guide) {
        var words = this.options;
        var text = words.pointsText.replace("{points}", guide.points).replace("{max}", guide.max);
        var said = this.root.querySelector(".mxopendata-guide-points");
        this.root.querySelector("meter").value = guide.points;
        if (said.textContent !== text) { said.textContent = text; }
        var list = this.root.querySelector(".mxopendata-guide-next");
        list.previousElementSibling.hidden = !guide.next.length;
        list.replaceChildren.apply(list, guide.next.slice(0, NEXT).map(function (item) {
          var line = document.createElement("li");
          var link = document.createElement("a");
          link.href = "#field-" + item.field;
          link.textContent = item.label;
          line.append(link);
          if (item.mandatory) {
            var badge = document.createElement("span");
            badge.className = "badge text-bg-warning";
            badge.textContent = words.mandatoryText;
            line.append(" ", badge);
          }
          if (item.points) {
            var worth = document.createElement("span");
            worth.className = "text-body-secondary";
            worth.textContent = words.worthText.replace("{points}", item.points);
            line.append(" ", worth);
          }
          return line;
        }));
        this.form.querySelectorAll(".mxopendata-progress").forEach(function (badge) {
          var group = guide.groups[badge.dataset.group];
          if (group) {
            badge.textContent = words.progressText.replace("{filled}", group.filled).replace("{of}", group.of);
          }
        });
      },

      institution: function () {
        var self = this;
        var chosen = this.form.elements.owner_org.value;
        if (!chosen) { return; }
        fetch(this.options.defaultsUrl.replace("INSTITUTION", encodeURIComponent(chosen)))
          .then(function (answer) { return answer.ok ? answer.json() : {}; })
          .then(function (defaults) { self.fill(defaults); })
          .catch(function () { self.note(self.options.offlineText); });
      },

      /* Only what nobody has written by hand follows the institution. */
      fill: function (defaults) {
        var filled = [];
        Object.keys(defaults).forEach(function (name) {
          if (this.touched.has(name)) { return; }
          var value = defaults[name];
          var boxes = this.form.querySelector("#field-" + name + ".mxopendata-boxes");
          var picker = this.form.querySelector("[data-module=mxopendata-picker][data-module-name='" + name + "']");
          if (boxes || picker) {
            (boxes || picker).dispatchEvent(new CustomEvent("mxopendata:set", { detail: value }));
          } else if (this.form.elements[name]) {
            this.form.elements[name].value = value;
          } else {
            return;
          }
          var label = boxes ? boxes.querySelector("legend") : this.form.querySelector("label[for='field-" + name + "']");
          if (label) { filled.push(label.textContent.replace("*", "").trim()); }
        }, this);
        this.note(filled.length ? this.options.filledText.replace("{fields}", filled.join(", ")) : "");
        this.later();
      }
    };
  });
}());
