/* Fields with search: an editable combobox with a list, as the ARIA Authoring Practices describe it. What is sent stays in
   the controls that the page came with, so that nothing depends on this file. */
(function () {
  "use strict";

  var SHOWN = 60;
  var counter = 0;

  function fold(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }

  function element(name, attributes, text) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text) { made.textContent = text; }
    return made;
  }

  function optionsOf(source) {
    return Array.from(source ? source.querySelectorAll("option") : [])
      .filter(function (option) { return option.value; })
      .map(function (option) {
        var label = option.textContent.trim() || option.value;
        return { value: option.value, label: label, folded: fold(label + " " + option.value) };
      });
  }

  /* Those that hold every word; those that begin with what was typed first. */
  function search(options, typed) {
    var words = fold(typed).split(/\s+/).filter(Boolean);
    var found = options.filter(function (option) {
      return words.every(function (word) { return option.folded.indexOf(word) >= 0; });
    });
    var start = words.join(" ");
    return found.filter(function (option) { return option.folded.indexOf(start) === 0; })
      .concat(found.filter(function (option) { return option.folded.indexOf(start) !== 0; }));
  }

  function combobox(options, words, choose) {
    var id = "mxopendata-options-" + (counter += 1);
    var holder = element("div", { "class": "mxopendata-combobox" });
    var input = element("input", {
      "type": "text", "class": "form-control", "role": "combobox", "autocomplete": "off",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id
    });
    var list = element("ul", { "role": "listbox", "id": id, "hidden": "" });
    var status = element("span", { "class": "visually-hidden", "role": "status" });
    var shown = [];
    var active = -1;

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      active = index;
      Array.from(list.children).forEach(function (item, number) {
        if (item.getAttribute("role") === "option") {
          item.setAttribute("aria-selected", number === index ? "true" : "false");
        }
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
        var item = element("li", { "role": "option", "id": id + "-" + number, "aria-selected": "false" }, option.label);
        item.addEventListener("mousedown", function (event) {
          event.preventDefault();
          pick(number);
        });
        return item;
      }));
      if (!shown.length || found.length > SHOWN) {
        var note = shown.length ? words.moreText.replace("{count}", found.length - SHOWN) : words.noneText;
        list.appendChild(element("li", {
          "role": "option", "aria-disabled": "true", "aria-selected": "false", "class": "mxopendata-option-note"
        }, note));
      }
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      mark(-1);
      status.textContent = found.length ? words.countText.replace("{count}", found.length) : words.noneText;
    }

    function pick(number) {
      var option = shown[number];
      close();
      choose(option);
      status.textContent = words.chosenText.replace("{what}", option.label);
    }

    input.addEventListener("input", function () { open(input.value); });
    input.addEventListener("click", function () { if (list.hidden) { open(""); } });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", function (event) {
      var last = shown.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) { open(event.altKey ? "" : input.value); }
        if (shown.length && !event.altKey) {
          mark(event.key === "ArrowDown" ? (active >= shown.length - 1 ? 0 : active + 1) : (active <= 0 ? shown.length - 1 : active - 1));
        }
      } else if (event.key === "Enter") {
        // Never sends the form from here: who types and presses Enter wants the first that fits.
        event.preventDefault();
        if (!list.hidden && shown.length && (active >= 0 || input.value.trim())) {
          pick(Math.max(active, 0));
        } else {
          input.dispatchEvent(new CustomEvent("mxopendata:enter"));
        }
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      } else if (!list.hidden && active >= 0 && (event.key === "PageDown" || event.key === "PageUp")) {
        event.preventDefault();
        mark(event.key === "PageDown" ? Math.min(active + 10, last) : Math.max(active - 10, 0));
      }
    });
    holder.append(input, list, status);
    return { holder: holder, input: input, close: close };
  }

  /* One value: the text field keeps the key, unseen; what is seen is the name. */
  function single(module, source) {
    var all = optionsOf(document.getElementById(module.options.list));
    var box = combobox(function () { return all; }, module.options, function (option) {
      box.input.value = option.label;
      set(option.value);
    });
    function set(value) {
      source.value = value;
      source.dispatchEvent(new Event("change", { bubbles: true }));
    }
    function show() {
      var known = all.find(function (option) { return option.value === source.value; });
      box.input.value = known ? known.label : source.value;
    }
    var id = source.id;
    box.input.placeholder = source.placeholder;
    source.type = "hidden";
    source.removeAttribute("id");
    box.input.id = id;
    box.input.addEventListener("change", function () {
      var typed = box.input.value.trim();
      var same = all.filter(function (option) { return option.label === typed || option.value === typed; });
      set(same.length === 1 ? same[0].value : typed);
    });
    source.addEventListener("mxopendata:set", show);
    show();
    source.after(box.holder);
    var said = module.el[0].querySelector(".mxopendata-place-name");
    if (said) { said.remove(); }
  }

  /* Several values in an order that counts. */
  function several(module, controls) {
    var holder = module.el[0];
    var name = module.options.name;
    var area = controls[0].tagName === "TEXTAREA" ? controls[0] : null;
    var all = optionsOf(area ? holder.querySelector("datalist") : controls[0]);
    var id = "field-" + name;
    var chosen = element("ol", { "class": "mxopendata-chosen" });
    var hidden = element("div", { "hidden": "" });
    var values = [];
    var box = combobox(function () {
      return all.filter(function (option) { return values.indexOf(option.value) < 0; });
    }, module.options, function (option) { add(option.value); });

    function labelOf(value) {
      var known = all.find(function (option) { return option.value === value; });
      return known ? known.label : value;
    }
    function add(value) {
      if (value && values.indexOf(value) < 0) { values.push(value); }
      box.input.value = "";
      render(true);
    }
    function render(changed) {
      chosen.hidden = !values.length;
      chosen.replaceChildren.apply(chosen, values.map(function (value, number) {
        var item = element("li", {});
        var label = labelOf(value);
        var remove = element("button", {
          "type": "button", "class": "btn-close", "aria-label": module.options.removeText.replace("{what}", label)
        });
        remove.addEventListener("click", function () {
          values.splice(number, 1);
          render(true);
          box.input.focus();
        });
        item.append(element("span", {}, label), remove);
        return item;
      }));
      if (area) {
        area.value = values.join("\n");
      } else {
        hidden.replaceChildren.apply(hidden, (values.length ? values : [""]).map(function (value) {
          return element("input", { "type": "hidden", "name": name, "value": value });
        }));
      }
      if (changed) { holder.dispatchEvent(new Event("change", { bubbles: true })); }
    }
    function take() {
      var raw = area ? area.value.split("\n") : controls.map(function (control) { return control.value; });
      values = raw.map(function (value) { return value.trim(); }).filter(Boolean);
    }
    take();
    controls.forEach(function (control) { control.removeAttribute("id"); });
    if (area) {
      area.hidden = true;
      box.input.placeholder = area.placeholder;
    } else {
      holder.replaceChildren(hidden);
      holder.classList.remove("row", "g-2");
    }
    box.input.id = id;
    function free() {
      if (module.options.free && box.input.value.trim()) { add(box.input.value.trim()); }
    }
    box.input.addEventListener("mxopendata:enter", free);
    box.input.addEventListener("change", free);
    box.input.addEventListener("keydown", function (event) {
      if (event.key === "Backspace" && !box.input.value && values.length) {
        values.pop();
        render(true);
      }
    });
    holder.addEventListener("mxopendata:set", function (event) {
      values = event.detail.slice();
      render(false);
    });
    holder.append(chosen, box.holder);
    render(false);
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
