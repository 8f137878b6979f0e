/** The console's icon: a stitch forward and half a stitch back. */
export const HOME_ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1d4f91"/><path d="M5 20h22M27 20c0-9-11-9-11 0" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-dasharray="6 4"/></svg>`;
