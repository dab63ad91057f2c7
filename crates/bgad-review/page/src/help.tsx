// The keys.

import { Dialog } from "./dialog";

const KEYS: [string, string][] = [
  ["Arrows, Home, End, Page", "move on the wall"],
  ["Enter", "look at an image; Esc leads back"],
  ["G", "it is good"],
  ["D", "it is a defect"],
  ["N", "next image that nobody has decided"],
  ["U or Ctrl+Z", "undo"],
  ["H", "heat map on and off"],
  ["T", "teach"],
  ["← →", "previous, next image (large)"],
  ["B R E V", "brush, box, eraser, move (large)"],
  ["[ ]", "smaller, larger brush (large)"],
  ["+ − 0", "zoom, whole image (large)"],
  ["O M", "outlines, painted mask (large)"],
];

export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <table class="keys">
        <tbody>
          {KEYS.map(([keys, does]) => (
            <tr key={keys}>
              <th scope="row"><kbd>{keys}</kbd></th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet">▲ and ○ are the model's decision; ✕ and ✓ are yours, ▧ with a painted mask. What stands in brackets is what the data set says.</p>
    </Dialog>
  );
}
