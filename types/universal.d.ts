// What every runtime of src/shared has (Node, Electron, pages) although neither Node's nor the DOM's types are loaded there.

/** Base64 of a string whose characters are all below U+0100. */
declare function btoa(data: string): string;
/** The reverse of btoa; throws on what is not base64. */
declare function atob(data: string): string;
