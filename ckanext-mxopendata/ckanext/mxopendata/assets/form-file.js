/* What a resource's file tells of itself: the server reads the beginning of it, and the form is filled in. */
(function () {
  "use strict";

  ckan.module("mxopendata-file", function () {
    return {
      initialize: function () {
        this.root = this.el[0];
        this.form = this.root.closest("form");
        this.facts = this.root.querySelector(".mxopendata-file-facts");
        this.button = this.root.querySelector("button");
        this.root.hidden = false;
        this.button.addEventListener("click", this.read.bind(this));
        var upload = this.upload();
        if (upload) {
          upload.addEventListener("change", function () { if (upload.files.length) { this.read(); } }.bind(this));
        }
      },

      upload: function () { return this.form.querySelector("input[type=file][name=upload]"); },

      /* The request, or nothing where no file is chosen or named. */
      question: function () {
        var question = new FormData();
        var fields = this.form.elements;
        var upload = this.upload();
        var file = upload && upload.files[0];
        var url = fields.url ? fields.url.value : "";
        if (!file && !url) { return null; }
        if (fields._csrf_token) { question.append("_csrf_token", fields._csrf_token.value); }
        question.append("dataset", this.options.dataset);
        question.append("resource", this.options.resource || "");
        question.append("schema", fields.schema ? fields.schema.value : "");
        if (file) {
          // Workbooks are told by their end: a small one is sent whole.
          question.append("upload", file.slice(0, this.options.maximum), file.name);
          question.append("size", file.size);
        } else {
          question.append("url", url);
        }
        return question;
      },

      read: function () {
        var question = this.question();
        if (!question) { this.facts.textContent = this.options.missingText; return; }
        if (this.asking) { this.asking.abort(); }
        this.asking = new AbortController();
        this.facts.textContent = this.options.readingText;
        this.root.setAttribute("aria-busy", "true");
        fetch(this.options.url, { method: "POST", body: question, signal: this.asking.signal })
          .then(function (answer) {
            return answer.json().then(function (said) {
              if (!answer.ok) { throw new Error(said.error); }
              return said;
            });
          })
          .then(this.show.bind(this))
          .catch(function (error) {
            if (error.name === "AbortError") { return; }
            this.facts.textContent = this.options.offlineText;
            this.root.removeAttribute("aria-busy");
          }.bind(this));
      },

      show: function (told) {
        this.root.removeAttribute("aria-busy");
        this.facts.innerHTML = told.html;
        Object.keys(told.values).forEach(function (name) {
          var control = this.form.elements[name];
          if (!control) { return; }
          control.value = told.values[name];
          control.dispatchEvent(new Event("change", { bubbles: true }));
        }, this);
        var dictionary = this.form.querySelector(".mxopendata-dictionary");
        if (told.schema && dictionary) {
          dictionary.dispatchEvent(new CustomEvent("mxopendata:set", { detail: told.schema }));
          var part = dictionary.closest("details");
          if (part) { part.open = true; }
        }
      }
    };
  });
}());
