import type { Locator } from 'playwright-core';

export interface Drawn {
  /** Pixels that are not transparent. */
  readonly pixels: number;
  /** Distinct colours among them, most frequent first, as `#rrggbb`. */
  readonly colours: readonly string[];
}

/** What is on a canvas. An empty chart has axes and grid: a few colours. A drawn one has its variants' colours too. */
export async function drawn(canvas: Locator): Promise<Drawn> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    const counts = new Map<number, number>();
    let pixels = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
      pixels++;
    }
    const byFrequency = [...counts].sort((a, b) => b[1] - a[1]);
    return { pixels, colours: byFrequency.map(([colour]) => `#${colour.toString(16).padStart(6, '0')}`) };
  });
}
