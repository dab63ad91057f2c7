// The list of keys.

import { Dialog } from "./dialog";

const KEYS: [string, string][] = [
  ["Arrows, Home, End, Page", "move from image to image"],
  ["Enter, Esc", "show an image large; go back"],
  ["G", "mark as good"],
  ["D", "mark as a defect"],
  ["N", "next undecided image"],
  ["U or Ctrl+Z", "undo"],
  ["H", "heat map on and off"],
  ["T", "teach"],
  ["Page up, down", "previous, next image (large)"],
  ["B R E V", "brush, box, eraser, move (large)"],
  ["Arrows", "move the brush or the corner of the box, with Shift farther; with Move, change the image (large)"],
  ["Space", "begin and end a stroke or a box; Esc takes it back (large)"],
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
      <p class="quiet">▲ and ○ are the model's decisions, ✕ and ✓ yours; ▧ means that a mask is painted. A verdict in brackets comes from the data set.</p>
    </Dialog>
  );
}
