/* The forms while they are filled in: points and what to fill in next, steps that say how far they are, questions asked
   only where they apply, the institution's defaults, errors that lead to their fields. */
(function () {
  "use strict";

  var PAUSE = 600;
  var CONTROLS = "input:not([type=hidden]), textarea, select";

  /* Opens what hides a field, then goes there. */
  function visit(id) {
    var target = document.getElementById(id);
    if (!target) { return false; }
    for (var step = target.closest("details"); step; step = step.parentElement.closest("details")) { step.open = true; }
    var control = target.matches("fieldset") ? target.querySelector(CONTROLS) : target;
    if (control.matches(".select2-hidden-accessible, .select2-offscreen")) {
      // CKAN's own field with search stands in for the list: select2 4 behind it, select2 3 before it.
      control = control.parentElement.querySelector(".select2-selection, .select2-focusser") || control;
    }
    control.scrollIntoView({ block: "center" });
    control.focus({ preventScroll: true });
    return true;
  }

  function follow(event) {
    var link = event.target.closest("a[href^='#field-']");
    if (link && visit(link.getAttribute("href").slice(1))) { event.preventDefault(); }
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
        function isWritten() {
          return Array.from(part.querySelectorAll("[name]")).some(function (control) { return control.value; });
        }
        function update() {
          // What was written, or is wrong, is never hidden.
          var applies = asked.value && values.indexOf(asked.value) < 0;
          part.hidden = !applies && !isWritten() && !part.querySelector(".error-block");
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
        this.given = {};
        this.root.addEventListener("click", follow);
        ["input", "change"].forEach(function (name) { this.form.addEventListener(name, this.later.bind(this)); }, this);
        var institution = this.form.elements.owner_org;
        if (!this.form.elements.pkg_name.value && institution) {
          // CKAN's own list of institutions tells of a change through jQuery only.
          this.$(institution).on("change", this.institution.bind(this));
          if (this.options.fresh) { this.given = this.written(); }
        }
        this.later();
      },

      part: function (name) { return this.form.querySelector(".mxopendata-guide-" + name); },

      later: function () {
        clearTimeout(this.timer);
        this.timer = setTimeout(this.review.bind(this), PAUSE);
      },

      review: function () {
        if (this.asking) { this.asking.abort(); }
        this.asking = new AbortController();
        fetch(this.options.url, { method: "POST", body: new FormData(this.form), signal: this.asking.signal })
          .then(function (answer) {
            if (!answer.ok) { throw new Error(answer.status); }
            return answer.json();
          })
          .then(this.show.bind(this))
          .catch(function (error) {
            if (error.name !== "AbortError") { this.part("note").textContent = this.options.offlineText; }
          }.bind(this));
      },

      show: function (guide) {
        var body = this.part("body");
        var reading = body.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
        if (this.part("note").textContent === this.options.offlineText) { this.part("note").textContent = ""; }
        if (body.innerHTML !== guide.html) { body.innerHTML = guide.html; }
        if (reading) { (body.querySelector("a[href='" + reading + "']") || body.querySelector("a") || body).focus(); }
        if (this.said && this.said !== guide.said) { this.part("said").textContent = guide.said; }
        this.said = guide.said;
        this.form.querySelectorAll(".mxopendata-progress").forEach(function (badge) {
          badge.textContent = guide.steps[badge.dataset.group];
        });
      },

      /* What each field of the form holds, repeating ones as a whole; what is empty is left out. */
      written: function () {
        var values = {};
        new FormData(this.form).forEach(function (value, key) {
          var name = key.split("-")[0];
          if (value) { values[name] = (values[name] || "") + key + "=" + value + "\n"; }
        });
        return values;
      },

      institution: function () {
        var chosen = this.form.elements.owner_org.value;
        if (!chosen) { return; }
        fetch(this.options.defaultsUrl.replace("INSTITUTION", encodeURIComponent(chosen)))
          .then(function (answer) {
            if (!answer.ok) { throw new Error(answer.status); }
            return answer.json();
          })
          .then(this.fill.bind(this))
          .catch(function () { this.part("note").textContent = this.options.offlineText; }.bind(this));
      },

      /* Only what nobody has written by hand follows the institution. */
      fill: function (defaults) {
        var before = this.written();
        var names = Object.keys(defaults.values).filter(function (name) {
          return !before[name] || before[name] === this.given[name];
        }, this);
        names.forEach(function (name) {
          var special = this.form.querySelector(
            "#field-" + name + ".mxopendata-boxes, [data-module=mxopendata-picker][data-module-name='" + name + "']"
          );
          if (special) {
            special.dispatchEvent(new CustomEvent("mxopendata:set", { detail: defaults.values[name] }));
          } else if (this.form.elements[name]) {
            this.form.elements[name].value = defaults.values[name];
          }
        }, this);
        var after = this.written();
        names.forEach(function (name) { this.given[name] = after[name]; }, this);
        var labels = names.filter(function (name) { return after[name]; })
          .map(function (name) { return defaults.labels[name]; });
        this.part("note").textContent = labels.length
          ? this.options.filledText.replace("{fields}", labels.join(", ")) : "";
        this.later();
      }
    };
  });
}());
