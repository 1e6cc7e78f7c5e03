// Full screen by the browser's own means, or, where there are none (iPhone), as a sheet over the page.

/** { toggle(), leave(): whether there was something to leave, on } */
export function screenful(element, changed) {
  const state = {
    get on() {
      return document.fullscreenElement === element || element.classList.contains("sheet-over");
    },
    toggle: () => (state.on ? state.leave() : enter()),
    leave: () => {
      if (!state.on) return false;
      if (document.fullscreenElement === element) document.exitFullscreen();
      else sheet(false);
      return true;
    },
  };
  const sheet = on => {
    // As a popover it lies above all and outside of every container that would hold it in.
    if (on) element.setAttribute("popover", "manual");
    if (on) element.showPopover?.();
    else element.removeAttribute("popover");
    element.classList.toggle("sheet-over", on);
    document.documentElement.classList.toggle("covered", on);
    changed();
  };
  const enter = async () => {
    try {
      await element.requestFullscreen();
    } catch {
      sheet(true);
    }
  };
  element.addEventListener("fullscreenchange", changed);
  return state;
}
