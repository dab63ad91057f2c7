// The pattern of painted masks.

export function hatch(): HTMLCanvasElement {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const context = tile.getContext("2d") as CanvasRenderingContext2D;
  context.fillStyle = "rgba(255, 255, 255, 0.38)";
  context.fillRect(0, 0, 8, 8);
  context.strokeStyle = "rgba(150, 0, 160, 0.95)";
  context.lineWidth = 2.2;
  context.beginPath();
  for (const shift of [-8, 0, 8]) {
    context.moveTo(shift, 8);
    context.lineTo(shift + 8, 0);
  }
  context.stroke();
  return tile;
}
