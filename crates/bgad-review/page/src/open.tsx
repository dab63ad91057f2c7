// The dialog to open images from this computer, a folder to watch, or another model.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Desk } from "./desk";
import { Dialog } from "./dialog";
import type { Listing } from "./engine";
import { short } from "./words";

export function Open({ desk, onClose }: { desk: Desk; onClose: () => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [listing, setListing] = useState<Listing | null>(null);
  const [path, setPath] = useState("");
  const may = desk.state?.limits.may_open ?? false;
  const list = async (to: string) => {
    try {
      const found = await desk.engine.browse(to);
      setListing(found);
      setPath(found.path);
    } catch (error) {
      desk.fail(error);
    }
  };
  useEffect(() => {
    if (may) void list("");
  }, []);
  const act = async (work: Promise<void>, said: string) => {
    try {
      await work;
      desk.say(said);
      onClose();
    } catch (error) {
      desk.fail(error);
    }
  };
  const add = (input: HTMLInputElement) => {
    const chosen = [...(input.files ?? [])];
    onClose();
    void desk.upload(chosen);
  };
  return (
    <Dialog title="Open" wide onClose={onClose}>
      <h3>Images from this computer</h3>
      <p class="quiet">Or drop images or a folder anywhere on the page.</p>
      <p class="row">
        <button type="button" class="primary" onClick={() => files.current?.click()}>Choose images…</button>
        <button type="button" onClick={() => folder.current?.click()}>Choose a folder…</button>
        <input ref={files} type="file" hidden multiple accept=".png,.jpg,.jpeg,.bmp,.tif,.tiff,.webp" onChange={(event) => add(event.currentTarget)} />
        <input ref={folder} type="file" hidden {...{ webkitdirectory: true }} onChange={(event) => add(event.currentTarget)} />
      </p>
      {may && (
        <>
          <h3>Folders, runs and models on the computer that runs bgad</h3>
          <form class="row" onSubmit={(event) => { event.preventDefault(); void list(path); }}>
            <input type="text" class="spring" aria-label="Folder" value={path} onInput={(event) => setPath(event.currentTarget.value)} />
            <button type="submit">Go</button>
          </form>
          {listing && (
            <ul class="places">
              {listing.parent && (
                <li>
                  <button type="button" class="link" onClick={() => void list(listing.parent ?? "")}>↑ one folder up</button>
                </li>
              )}
              {listing.places.map((place) => (
                <li key={place.path}>
                  <button type="button" class="link" onClick={() => void (place.kind === "model" ? act(desk.engine.open(place.path), `Opened ${place.name}`) : list(place.path))}>
                    {place.kind === "folder" ? "▸" : "◆"} {place.name}
                  </button>
                  {place.kind !== "folder" && (
                    <button type="button" class="small" onClick={() => void act(desk.engine.open(place.path), `Opened ${place.name}`)}>
                      Open this {place.kind}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )}
          {listing && (
            <p class="row">
              <span class="quiet spring">{listing.images} images directly in this folder</span>
              <button type="button" onClick={() => void act(desk.engine.watch(listing.path), `Watching ${short(listing.path)}`)}>Watch this folder</button>
            </p>
          )}
        </>
      )}
      {(desk.state?.folders.length ?? 0) > 0 && <p class="quiet">Watched: {desk.state?.folders.join(", ")}</p>}
      <p class="quiet">Decisions are stored in {desk.state?.store}</p>
    </Dialog>
  );
}
