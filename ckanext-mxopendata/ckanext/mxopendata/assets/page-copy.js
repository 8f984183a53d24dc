// A button that copies the text beside it; without JavaScript, or where the browser has no clipboard to write to, the
// text is there to be selected. data-module-copy-text and data-module-copied-text are what it says.
this.ckan.module("mxopendata-copy", function ($) {
  "use strict";
  return {
    options: { copyText: "", copiedText: "" },
    initialize: function () {
      if (!navigator.clipboard) return;
      const quoted = this.el.find(".mxopendata-quoted");
      const button = $('<button type="button" class="btn btn-sm btn-secondary">').text(this.options.copyText);
      const said = $('<span class="small ms-2" role="status">');
      button.on("click", () => {
        navigator.clipboard.writeText(quoted.text().trim()).then(() => said.text(this.options.copiedText));
      });
      this.el.append($('<div class="mt-1">').append(button, said));
    },
  };
});
