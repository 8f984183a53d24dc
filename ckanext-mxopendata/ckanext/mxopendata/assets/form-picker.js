/* Fields with search: an editable combobox with a list, as the ARIA Authoring Practices describe it. What is sent stays in
   the controls that the page came with, so that nothing depends on this file. */
(function () {
  "use strict";

  var SHOWN = 60;
  var counter = 0;
  var read = new WeakMap();
  var pressed = false;

  document.addEventListener("pointerdown", function () { pressed = true; }, true);
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function () { pressed = false; }, true);
  });

  /* What moves the page waits until a pressed button is let go: the click that ends the typing would miss it. */
  function settled(act) {
    if (!pressed) { act(); return; }
    ["pointerup", "pointercancel"].forEach(function (name) {
      document.addEventListener(name, function () { setTimeout(act); }, { once: true });
    });
  }

  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function element(name, attributes, text) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text) { made.textContent = text; }
    return made;
  }

  /* The options of a list or datalist, read once: the places of the country are asked for by every box. */
  function optionsOf(source) {
    if (!source) { return []; }
    if (!read.has(source)) {
      read.set(source, Array.from(source.querySelectorAll("option"))
        .filter(function (option) { return option.value; })
        .map(function (option) {
          var label = option.textContent.trim() || option.value;
          return { value: option.value, label: label, folded: fold(label + " " + option.value) };
        }));
    }
    return read.get(source);
  }

  /* Those that hold every word; those that begin with what was typed come first. */
  function search(options, typed) {
    var words = fold(typed).split(/\s+/).filter(Boolean);
    var start = words.join(" ");
    var found = options.filter(function (option) {
      return words.every(function (word) { return option.folded.indexOf(word) >= 0; });
    });
    function begins(option) { return option.folded.indexOf(start) === 0; }
    return found.filter(begins).concat(found.filter(function (option) { return !begins(option); }));
  }

  /* The one option that a text means: its key, its label, or the only one of that name. */
  function meant(options, typed) {
    var same = options.filter(function (option) { return option.value === typed || fold(option.label) === fold(typed); });
    return same.length === 1 ? same[0] : null;
  }

  /* A text field with a list of what fits.
     options: gives what can be chosen; words: the sentences; choose: called with what was chosen. */
  function combobox(options, words, choose) {
    var id = "mxopendata-options-" + (counter += 1);
    var holder = element("div", { "class": "mxopendata-combobox" });
    var input = element("input", {
      "type": "text", "class": "form-control", "role": "combobox", "autocomplete": "off",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, "placeholder": words.searchText
    });
    var list = element("ul", { "role": "listbox", "id": id, "aria-label": words.label, "hidden": "" });
    var status = element("span", { "class": "visually-hidden", "role": "status" });
    var shown = [];
    var active = -1;

    function close() {
      list.hidden = true;
      mark(-1);
      input.setAttribute("aria-expanded", "false");
    }

    function mark(index) {
      active = index;
      shown.forEach(function (option, number) {
        list.children[number].setAttribute("aria-selected", number === index ? "true" : "false");
      });
      if (index < 0) {
        input.removeAttribute("aria-activedescendant");
      } else {
        input.setAttribute("aria-activedescendant", list.children[index].id);
        list.children[index].scrollIntoView({ block: "nearest" });
      }
    }

    function open(typed) {
      var found = search(options(), typed);
      shown = found.slice(0, SHOWN);
      list.replaceChildren.apply(list, shown.map(function (option, number) {
        var item = element("li", { "role": "option", "id": id + "-" + number }, option.label);
        item.addEventListener("click", function () { pick(number); });
        return item;
      }));
      if (found.length !== shown.length || !found.length) {
        var note = found.length ? words.moreText.replace("{count}", found.length - SHOWN) : words.noneText;
        list.append(element("li", { "role": "option", "aria-disabled": "true", "class": "mxopendata-option-note" }, note));
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(-1);
      say(found.length ? words.countText.replace("{count}", found.length) : words.noneText);
    }

    function pick(number) {
      var option = shown[number];
      close();
      choose(option);
      say(words.chosenText.replace("{what}", option.label));
    }

    function say(text) { status.textContent = text; }

    function move(steps) {
      var last = shown.length - 1;
      if (last < 0) { return; }
      if (Math.abs(steps) > 1) {
        mark(Math.min(Math.max(active + steps, 0), last));
      } else if (active < 0) {
        mark(steps > 0 ? 0 : last);
      } else {
        mark((active + steps + last + 1) % (last + 1));
      }
    }

    // The list never takes the focus, not even where somebody drags its scroll bar.
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });
    input.addEventListener("input", function () { open(input.value); });
    input.addEventListener("click", function () { if (list.hidden) { open(""); } });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", function (event) {
      var steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (steps && (!list.hidden || Math.abs(steps) === 1)) {
        event.preventDefault();
        if (list.hidden) { open(input.dataset.chosen === input.value ? "" : input.value); }
        if (!event.altKey) { move(steps); }
      } else if (event.key === "Enter") {
        // Never sends the form from here: who types and presses Enter wants the first that fits.
        event.preventDefault();
        if (!list.hidden && shown.length && (active >= 0 || input.value.trim())) {
          pick(Math.max(active, 0));
        } else {
          input.dispatchEvent(new Event("change"));
        }
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    holder.append(input, list, status);
    return { holder: holder, input: input, say: say };
  }

  /* One value: the text field keeps the key, unseen; what is seen is the name. */
  function single(module, source) {
    var all = optionsOf(document.getElementById(module.options.list));
    var box = combobox(function () { return all; }, module.options, function (option) { set(option.value, option.label); });

    function set(value, label) {
      source.value = value;
      box.input.value = box.input.dataset.chosen = label;
      source.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function show() {
      var known = all.find(function (option) { return option.value === source.value; });
      box.input.value = box.input.dataset.chosen = known ? known.label : source.value;
    }
    if (source.placeholder) { box.input.placeholder = source.placeholder; }
    box.input.id = source.id;
    source.removeAttribute("id");
    source.type = "hidden";
    box.input.addEventListener("change", function () {
      var typed = box.input.value.trim();
      // Two municipalities of one name: what was chosen in the list stays chosen.
      if (typed === box.input.dataset.chosen) { return; }
      var option = meant(all, typed);
      set(option ? option.value : typed, option ? option.label : typed);
    });
    source.addEventListener("mxopendata:set", show);
    show();
    source.after(box.holder);
    module.el[0].querySelectorAll(".mxopendata-place-name").forEach(function (name) { name.remove(); });
  }

  /* Several values in an order that counts; they are sent by the lines of a text field, or by unseen fields of one name. */
  function several(module, controls) {
    var holder = module.el[0];
    var words = module.options;
    var area = controls[0].tagName === "TEXTAREA" ? controls[0] : null;
    var all = optionsOf(area ? holder.querySelector("datalist") : controls[0]);
    var labels = {};
    var values = (area ? area.value.split("\n") : controls.map(function (control) { return control.value; }))
      .map(function (value) { return value.trim(); }).filter(Boolean);
    var chosen = element("ol", { "class": "mxopendata-chosen", "aria-label": words.label });
    var hidden = element("div", { "hidden": "" });
    var hint = element("p", { "class": "mxopendata-unlisted", "role": "alert" });
    var box = combobox(function () {
      return all.filter(function (option) { return values.indexOf(option.value) < 0; });
    }, words, function (option) { add(option.value); });

    function labelOf(value) { return labels[value] || value; }

    function add(value) {
      if (values.indexOf(value) < 0) { values.push(value); }
      box.input.value = "";
      changed();
    }
    function changed() {
      write();
      settled(draw);
      holder.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function button(text, icon, label, act) {
      var made = element("button", { "type": "button", "class": "btn btn-sm", "aria-label": text.replace("{what}", label) });
      made.append(element("i", { "class": "fa fa-" + icon, "aria-hidden": "true" }));
      made.addEventListener("click", function () {
        act();
        changed();
        box.input.focus();
        box.say(text.replace("{what}", label));
      });
      return made;
    }
    function item(value, number) {
      var made = element("li", {});
      made.append(element("span", {}, labelOf(value)));
      if (words.firstText && number === 0 && values.length > 1) {
        made.append(element("span", { "class": "badge text-bg-light" }, words.isFirstText));
      }
      if (words.firstText && number > 0) {
        made.append(button(words.firstText, "arrow-up", labelOf(value), function () {
          values.splice(number, 1);
          values.unshift(value);
        }));
      }
      made.append(button(words.removeText, "xmark", labelOf(value), function () { values.splice(number, 1); }));
      return made;
    }
    function draw() {
      chosen.hidden = !values.length;
      chosen.replaceChildren.apply(chosen, values.map(item));
      hint.textContent = "";
    }
    function write() {
      if (area) {
        area.value = values.join("\n");
      } else {
        hidden.replaceChildren.apply(hidden, (values.length ? values : [""]).map(function (value) {
          return element("input", { "type": "hidden", "name": words.name, "value": value });
        }));
      }
    }
    /* What was typed and not chosen: the term it names, or its own value where the list is open, or said not to be there. */
    function take() {
      var typed = box.input.value.trim();
      var option = meant(all, typed);
      if (option || (typed && words.open)) {
        add(option ? option.value : typed);
      } else {
        settled(function () { hint.textContent = typed ? words.unlistedText.replace("{what}", typed) : ""; });
      }
    }

    all.forEach(function (option) { labels[option.value] = option.label; });
    controls.forEach(function (control) {
      var option = control.selectedOptions && control.selectedOptions[0];
      // A term that is no longer offered, or one of another list.
      if (option && option.value && !labels[option.value]) { labels[option.value] = option.textContent.trim(); }
      control.removeAttribute("id");
    });
    if (area) {
      area.hidden = true;
      area.removeAttribute("placeholder");
    } else {
      holder.replaceChildren(hidden);
      holder.classList.remove("row", "g-2");
    }
    box.input.id = "field-" + words.name;
    box.input.addEventListener("change", take);
    box.input.addEventListener("keydown", function (event) {
      if (event.key === "Backspace" && !box.input.value && values.length) {
        box.say(words.removeText.replace("{what}", labelOf(values.pop())));
        changed();
      }
    });
    holder.addEventListener("mxopendata:set", function (event) {
      values = event.detail.slice();
      write();
      draw();
    });
    holder.append(chosen, box.holder, hint);
    write();
    draw();
  }

  ckan.module("mxopendata-picker", function () {
    return {
      initialize: function () {
        var controls = Array.from(this.el[0].querySelectorAll("select, textarea, input"));
        if (controls[0].tagName === "INPUT") { single(this, controls[0]); } else { several(this, controls); }
      }
    };
  });
}());
