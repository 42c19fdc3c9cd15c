// What the scripts of the page rely on, for tsc alone: its elements and its events.
// Overloads that are declared here come before those of TypeScript's own library.

type Tags = HTMLElementTagNameMap;

/** A form's controls by name: `elements.q` is the search box. */
interface HTMLFormControlsCollection {
  [name: string]: any;
}

/** Every element that a selector finds on the page is one of HTML. */
interface ParentNode {
  querySelector<K extends keyof Tags>(selectors: K): Tags[K];
  querySelector(selectors: `form${string}`): HTMLFormElement;
  querySelector(selectors: `button${string}`): HTMLButtonElement;
  querySelector(selectors: `[name=${string}` | `[type=${string}` | ".select"): HTMLInputElement;
  querySelector<E extends Element = HTMLElement>(selectors: string): E;
  querySelectorAll<K extends keyof Tags>(selectors: K): NodeListOf<Tags[K]>;
  querySelectorAll(
    selectors: `[name=${string}` | "[data-end]" | "[data-was-selected]" | `.select${string}`,
  ): NodeListOf<HTMLInputElement>;
  querySelectorAll<E extends Element = HTMLElement>(selectors: string): NodeListOf<E>;
}

interface Element {
  closest<K extends keyof Tags>(selectors: K): Tags[K];
  closest<E extends Element = HTMLElement>(selectors: string): E;
}

/** An event whose target has the type `T`. */
type At<E extends Event, T extends EventTarget> = E & { readonly target: T };

/** What the elements of the page send to listeners on the document. */
interface PageEvents {
  change: At<Event, HTMLInputElement>;
  click: At<PointerEvent, HTMLElement>;
  dragenter: At<DragEvent, HTMLElement>;
  dragleave: At<DragEvent, HTMLElement>;
  dragover: At<DragEvent, HTMLElement>;
  dragstart: At<DragEvent, HTMLElement>;
  drop: At<DragEvent, HTMLElement>;
  error: At<Event, HTMLElement>;
  formdata: At<FormDataEvent, HTMLFormElement>;
  input: At<InputEvent, HTMLInputElement>;
  keydown: At<KeyboardEvent, HTMLElement>;
  pointerdown: At<PointerEvent, HTMLElement>;
  submit: At<SubmitEvent, HTMLFormElement> & { readonly submitter: HTMLButtonElement };
}

interface Document {
  addEventListener(type: `limn:${string}`, listener: (event: CustomEvent) => unknown): void;
  getElementById(id: "q"): HTMLInputElement;
  getElementById(id: "select"): HTMLFormElement;
  getElementById(id: "crop" | "help"): HTMLDialogElement;
  addEventListener<K extends keyof PageEvents>(
    type: K,
    listener: (event: PageEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

interface HTMLFormElement {
  addEventListener<K extends keyof PageEvents>(
    type: K,
    listener: (event: PageEvents[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
