/** A value that JSON can carry. Everything that crosses a door of Backstitch is one. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** An object that JSON can carry. */
export type JsonObject = { [key: string]: JsonValue };
